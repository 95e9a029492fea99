#!lua
-- Stores a new job at the end of its space's queue, unless it is there, its idempotency key is known, the space is gone, being deleted
-- or full.
-- KEYS: the space's base
-- ARGV: id, record as JSON up to and including `"seq":`, input, cursor, deadline, place before the seq is added, how many may wait,
--       ms a claim may run, idempotency field or ''
-- Returns the seq, or {'again', stored record}, {'exists', job id}, {'no-space'}, {'full', number waiting}.
local base, id, cursor, deadline, once = KEYS[1], ARGV[1], ARGV[4], ARGV[5], ARGV[9]
local key = base .. 'job:' .. id
-- A create whose reply was lost is sent again.
local stored = redis.call('HGET', key, 'state')
if stored then return { 'again', stored } end
if once ~= '' then
  local first = redis.call('HGET', base .. 'once', once)
  if first then return { 'exists', first } end
end
if redis.call('EXISTS', base .. 'doc:space') == 0 or redis.call('EXISTS', base .. 'doc:space-deletion') == 1 then return { 'no-space' } end
local waiting = redis.call('ZCARD', base .. 'queue')
if waiting >= tonumber(ARGV[7]) then return { 'full', waiting } end

local seq = redis.call('INCR', base .. 'seq')
local state = ARGV[2] .. string.format('%.0f', seq) .. '}'
redis.call('HSET', key, 'state', state, 'claim', '', 'rev', 1, 'conf', 0, 'input', ARGV[3], 'run', ARGV[8], 'once', once,
  'facts', 'QUEUED ' .. deadline .. ' - - ' .. cursor)
if once ~= '' then redis.call('HSET', base .. 'once', once, id) end
redis.call('ZADD', base .. 'queue', tonumber(ARGV[6]) + seq, id)
redis.call('ZADD', base .. 'due', deadline, id)
redis.call('ZADD', base .. 'list:QUEUED', 0, cursor)

local message = '{"state":' .. state .. '}'
redis.call('PUBLISH', key, message)
redis.call('PUBLISH', base .. 'jobs', message)
redis.call('PUBLISH', base .. 'signals', '{"type":"queued","job":"' .. id .. '"}')
return seq
