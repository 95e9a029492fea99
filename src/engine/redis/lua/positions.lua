#!lua
-- Where jobs stand in the queue.
-- KEYS: the space's base
-- ARGV: ids...
-- Returns a number for each, 1 is next, 0 is not in the queue.
local queue, positions = KEYS[1] .. 'queue', {}
for i, id in ipairs(ARGV) do
  local rank = redis.call('ZRANK', queue, id)
  positions[i] = rank and rank + 1 or 0
end
return positions
