#!lua
-- Makes a record the stored one if it is the stored revision's successor, moves the indexes its facts move, and tells it.
-- Only a claim begins a lease; a commit keeps it or ends it.
-- KEYS: the partition's base
-- ARGV: id, new revision, record, facts, 1 if it says its lease is confirmed else 0, what it changes or ''; and where one of them is,
--       all of: place in the queue or '', run time in ms or '', signal or '', run times to keep
-- Returns 1; 0 on another revision.
local base, id, revision, state, facts = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local key = base .. 'job:' .. id
local was = redis.call('HMGET', key, 'rev', 'facts', 'conf')
if (was[1] or 0) + 1 ~= tonumber(revision) then return 0 end

local confirmed = ARGV[5]
if was[2] == facts then
  if was[3] == '1' then confirmed = '1' end
  redis.call('HSET', key, 'state', state, 'claim', '', 'rev', revision, 'conf', confirmed)
else
  local fields = '^(%S+) (%S+) (%S+) (%S+) (%S+) ?(.*)$'
  local status0, deadline0, lease0, app0, cursor0, own0 = string.match(was[2] or '- - - - -', fields)
  local status, deadline, lease, _, cursor, own = string.match(facts, fields)
  if lease == lease0 and was[3] == '1' then confirmed = '1' end
  redis.call('HSET', key, 'state', state, 'claim', '', 'rev', revision, 'conf', confirmed, 'facts', facts)
  if deadline ~= deadline0 then redis.call('ZADD', base .. 'due', deadline, id) end
  if lease0 ~= '-' and lease ~= lease0 then
    redis.call('ZREM', base .. 'leases', id)
    redis.call('HDEL', base .. 'held:' .. app0, id)
  end
  if status ~= status0 or cursor ~= cursor0 or own ~= own0 then
    if status0 == 'QUEUED' then
      redis.call('ZREM', base .. 'queue', id)
      local turn = redis.call('HGET', key, 'turn')
      if turn then redis.call('ZREM', base .. 'turns', turn) end
    end
    if cursor0 ~= '-' then
      redis.call('ZREM', base .. 'list:' .. status0, cursor0)
      redis.call('ZREM', base .. 'own:' .. status0 .. ':' .. own0, cursor0)
    end
    redis.call('ZADD', base .. 'list:' .. status, 0, cursor)
    redis.call('ZADD', base .. 'own:' .. status .. ':' .. own, 0, cursor)
  end
end
if ARGV[7] then
  if ARGV[7] ~= '' then redis.call('ZADD', base .. 'queue', ARGV[7], id) end
  -- Trimmed now and then: readers look at the newest alone.
  if ARGV[8] ~= '' and redis.call('LPUSH', base .. 'runs', ARGV[8]) > 2 * ARGV[10] then
    redis.call('LTRIM', base .. 'runs', 0, ARGV[10] - 1)
  end
end

local rest = confirmed == ARGV[5] and '}' or ',"confirmed":true}'
local whole = '{"state":' .. state .. rest
redis.call('PUBLISH', key, ARGV[6] == '' and whole or '{"step":' .. ARGV[6] .. rest)
redis.call('PUBLISH', base .. 'jobs', whole)
if ARGV[9] and ARGV[9] ~= '' then redis.call('PUBLISH', base .. 'signals', ARGV[9]) end
return 1
