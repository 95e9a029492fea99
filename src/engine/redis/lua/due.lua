#!lua
-- What is due in a partition, the longest overdue first of each kind.
-- KEYS: the partition's base
-- ARGV: now, how many of each kind
-- Returns {job ids of leases, job ids of deadlines, app ids of presences}, each id followed by when it was due.
local found = {}
for i, index in ipairs({ 'leases', 'due', 'apps' }) do
  found[i] = redis.call('ZRANGE', KEYS[1] .. index, '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, ARGV[2], 'WITHSCORES')
end
return found
