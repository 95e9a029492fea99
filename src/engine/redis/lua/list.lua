#!lua
-- The newest jobs of a partition of some indexes.
-- KEYS: the partition's base
-- ARGV: the cursor to begin after or '', how many of each index, names of indexes...
-- Returns cursors, newest first within an index.
local newest = ARGV[1] == '' and '+' or '(' .. ARGV[1]
local cursors = {}
for i = 3, #ARGV do
  local page = redis.call('ZRANGE', KEYS[1] .. ARGV[i], newest, '-', 'BYLEX', 'REV', 'LIMIT', 0, ARGV[2])
  for _, cursor in ipairs(page) do cursors[#cursors + 1] = cursor end
end
return cursors
