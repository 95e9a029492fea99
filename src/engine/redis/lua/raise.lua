#!lua
-- Says that the data has another layout now, unless somebody else said so meanwhile.
-- KEYS: where the layout is kept
-- ARGV: the layout it had, the one it has
-- Returns 1; 0 if it was said already.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
