#!lua
-- Adds a record to its kind, unless there is one of its id, and drops what has expired and the oldest of too many.
-- KEYS: the kind's base
-- ARGV: id, value, ms it is kept, how many may be kept
-- Returns nothing.
local records, expiry, id = KEYS[1] .. 'records', KEYS[1] .. 'expiry', ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if not redis.call('ZSCORE', expiry, id) then
  redis.call('ZADD', records, 0, id .. ' ' .. ARGV[2])
  redis.call('ZADD', expiry, now + ARGV[3], id)
end
-- Some at a time: the script stays short, and each addition drops more than it brings.
for _, over in ipairs(redis.call('ZRANGE', expiry, '-inf', now, 'BYSCORE', 'LIMIT', 0, 100)) do
  redis.call('ZREM', expiry, over)
  redis.call('ZREMRANGEBYLEX', records, '[' .. over .. ' ', '(' .. over .. '!')
end
local many = math.min(100, redis.call('ZCARD', records) - ARGV[4])
if many > 0 then
  for _, record in ipairs(redis.call('ZPOPMIN', records, many)) do
    redis.call('ZREM', expiry, string.match(record, '^%S+'))
  end
end
-- A kind that gets no more goes with the last of its records.
local last = redis.call('ZRANGE', expiry, -1, -1, 'WITHSCORES')[2]
if last then
  redis.call('PEXPIREAT', records, string.format('%.0f', last))
  redis.call('PEXPIREAT', expiry, string.format('%.0f', last))
end
