#!lua
-- The next session number: microseconds since the Unix epoch, or one more than the last where that is not less.
-- KEYS: where the last one is kept
-- Returns the number.
local time = redis.call('TIME')
local session = math.max(time[1] * 1000000 + time[2], tonumber(redis.call('GET', KEYS[1]) or 0) + 1)
redis.call('SET', KEYS[1], string.format('%.0f', session))
return session
