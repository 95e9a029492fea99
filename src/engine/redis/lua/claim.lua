#!lua
-- Leases the oldest queued jobs of a space to an app that is connected under the session. The record stays as it is: what it becomes
-- by the claim is known to every reader, and the next commit writes it.
-- KEYS: the space's base
-- ARGV: app id, session, ms a lease lasts, app as JSON, tokens...
-- Returns record, claim and input of each job, in order, as one list.
local base, app, session = KEYS[1], ARGV[1], ARGV[2]
local there = redis.call('HMGET', base .. 'app:' .. app, 'session', 'status')
if there[1] ~= session or there[2] ~= 'CONNECTED' then return {} end
local popped = redis.call('ZPOPMIN', base .. 'queue', #ARGV - 4)
if #popped == 0 then return {} end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local leased = {}
for i = 1, #popped, 2 do
  local id, token = popped[i], ARGV[(i + 9) / 2]
  local key = base .. 'job:' .. id
  local job = redis.call('HMGET', key, 'state', 'rev', 'facts', 'input', 'run', 'turn')
  if job[1] then
    local cursor, submitter = string.match(job[3], '^%S+ %S+ %S+ %S+ (%S+) ?(.*)$')
    local deadline = string.format('%.0f', now + job[5])
    local claim = '{"token":"' .. token .. '","app":' .. ARGV[4] .. ',"session":' .. session ..
      ',"at":' .. string.format('%.0f', now) .. '}'
    redis.call('HSET', key, 'claim', claim, 'rev', job[2] + 1, 'conf', 0,
      'facts', 'RUNNING ' .. deadline .. ' ' .. token .. ' ' .. app .. ' ' .. cursor .. ' ' .. submitter)
    redis.call('HSET', base .. 'held:' .. app, id, token)
    redis.call('ZADD', base .. 'leases', now + ARGV[3], id)
    redis.call('ZADD', base .. 'due', deadline, id)
    redis.call('ZREM', base .. 'list:QUEUED', cursor)
    redis.call('ZREM', base .. 'own:QUEUED:' .. submitter, cursor)
    if job[6] then
      local priority, seq = string.match(job[6], '\n(%-?%d+)\n(%d+)$')
      redis.call('ZREM', base .. 'turns', job[6])
      redis.call('ZADD', base .. 'served', 'GT', seq, priority)
    end
    redis.call('ZADD', base .. 'list:RUNNING', 0, cursor)
    redis.call('ZADD', base .. 'own:RUNNING:' .. submitter, 0, cursor)
    local message = '{"state":' .. job[1] .. ',"claim":' .. claim .. '}'
    redis.call('PUBLISH', key, message)
    redis.call('PUBLISH', base .. 'jobs', message)
    local n = #leased
    leased[n + 1], leased[n + 2], leased[n + 3] = job[1], claim, job[4]
  end
end
return leased
