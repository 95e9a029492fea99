#!lua
-- Stores a new job in its space's queue, behind all of its priority or (FAIR) at its submitter's turn, unless it is there, its idempotency key is known, the space is gone, being deleted
-- or full, or too many of the submitter's own wait there.
-- KEYS: the space's base
-- ARGV: id, record as JSON up to and including `"seq":`, input, cursor, deadline, place before the seq is added, how many may wait,
--       ms a claim may run, idempotency field or '', submitter, how many of its own may wait or ''; for FAIR also: priority
-- Returns the seq, or {'again', stored record}, {'exists', job id}, {'no-space'}, {'full' or 'own-full', number waiting}.
local base, id, cursor, deadline, once, submitter = KEYS[1], ARGV[1], ARGV[4], ARGV[5], ARGV[9], ARGV[10]
local own = base .. 'own:QUEUED:' .. submitter
local key = base .. 'job:' .. id
-- A create whose reply was lost is sent again.
local stored = redis.call('HGET', key, 'state')
if stored then return { 'again', stored } end
if once ~= '' then
  local first = redis.call('HGET', base .. 'once', once)
  if first then return { 'exists', first } end
end
if redis.call('EXISTS', base .. 'doc:space') == 0 or redis.call('EXISTS', base .. 'doc:space-deletion') == 1 then return { 'no-space' } end
if ARGV[11] ~= '' then
  local mine = redis.call('ZCARD', own)
  if mine >= tonumber(ARGV[11]) then return { 'own-full', mine } end
end
local waiting = redis.call('ZCARD', base .. 'queue')
if waiting >= tonumber(ARGV[7]) then return { 'full', waiting } end

local seq
if not ARGV[12] then
  seq = redis.call('INCR', base .. 'seq')
else
  -- The rule is fairSeq in domain/queue.ts.
  local last = tonumber(redis.call('GET', base .. 'seq') or 0)
  local fair = redis.call('HMGET', base .. 'fair', 'seq', 'floor')
  local floor = tonumber(fair[1]) == last and tonumber(fair[2]) or last
  local lane = submitter .. '\n' .. ARGV[12] .. '\n'
  local behind = redis.call('ZRANGE', base .. 'turns', '(' .. lane .. '~', '(' .. lane, 'BYLEX', 'REV', 'LIMIT', 0, 1)[1]
  local served = redis.call('ZSCORE', base .. 'served', ARGV[12])
  seq = math.max(floor, tonumber(served or 0), behind and tonumber(string.sub(behind, -14)) or 0) + 1
  local highest = string.format('%.0f', math.max(last, seq))
  redis.call('SET', base .. 'seq', highest)
  redis.call('HSET', base .. 'fair', 'seq', highest, 'floor', string.format('%.0f', floor))
  local turn = lane .. string.format('%014.0f', seq)
  redis.call('ZADD', base .. 'turns', 0, turn)
  redis.call('HSET', key, 'turn', turn)
end
local state = ARGV[2] .. string.format('%.0f', seq) .. '}'
redis.call('HSET', key, 'state', state, 'claim', '', 'rev', 1, 'conf', 0, 'input', ARGV[3], 'run', ARGV[8], 'once', once,
  'facts', 'QUEUED ' .. deadline .. ' - - ' .. cursor .. ' ' .. submitter)
if once ~= '' then redis.call('HSET', base .. 'once', once, id) end
redis.call('ZADD', base .. 'queue', tonumber(ARGV[6]) + seq, id)
redis.call('ZADD', base .. 'due', deadline, id)
redis.call('ZADD', base .. 'list:QUEUED', 0, cursor)
redis.call('ZADD', own, 0, cursor)

local message = '{"state":' .. state .. '}'
redis.call('PUBLISH', key, message)
redis.call('PUBLISH', base .. 'jobs', message)
redis.call('PUBLISH', base .. 'signals', '{"type":"queued","job":"' .. id .. '"}')
return seq
