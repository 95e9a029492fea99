#!lua
-- Adds text to the log of a job's output and tells it, if the job is active under the lease, in this attempt or a later one than the log's.
-- KEYS: the partition's base
-- ARGV: id, attempt, lease or '-', offset in bytes, text, text as a JSON string, most bytes a log may have
-- Returns {outcome, end of the log in bytes}: 1 appended (also when nothing of it was new), 2 a gap before it, 3 full; {0, 0} when it may not.
local base, id, attempt, offset, text = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[4]), ARGV[5]
local key, log = base .. 'job:' .. id, base .. 'out:' .. id
local was = redis.call('HMGET', key, 'facts', 'oatt')
local status, lease = string.match(was[1] or '- - -', '^(%S+) %S+ (%S+)')
if (status ~= 'RUNNING' and status ~= 'CANCELLING') or lease ~= ARGV[3] then return { 0, 0 } end
local newest = tonumber(was[2] or '0')
if attempt < newest then return { 0, 0 } end

local ends = attempt == newest and redis.call('STRLEN', log) or 0
if offset > ends then return { 2, ends } end
local fresh = #text - (ends - offset)
if fresh <= 0 then return { 1, ends } end
-- No repeat of what stands there: it would cut a character.
local first = string.byte(text, #text - fresh + 1)
if first >= 128 and first < 192 then return { 2, ends } end
if ends + fresh > tonumber(ARGV[7]) then return { 3, ends } end
local json = ARGV[6]
if fresh < #text then
  text = string.sub(text, #text - fresh + 1)
  json = cjson.encode(text)
end
if attempt > newest then
  redis.call('DEL', log)
  redis.call('HSET', key, 'oatt', attempt)
end
redis.call('APPEND', log, text)
local after = string.format('%.0f', ends + fresh)
redis.call('PUBLISH', log, '{"attempt":' .. ARGV[2] .. ',"offset":' .. string.format('%.0f', ends) .. ',"end":' .. after .. ',"text":' .. json .. '}')
return { 1, ends + fresh }
