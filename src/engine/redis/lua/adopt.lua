#!lua
-- Brings jobs of layout 1 to layout 2: puts them into the lists of their submitters. Those that are there already stay.
-- KEYS: the partition's base
-- ARGV: job id and submitter of each
-- Returns how many it changed.
local base, changed = KEYS[1], 0
for i = 1, #ARGV, 2 do
  local key = base .. 'job:' .. ARGV[i]
  local facts = redis.call('HGET', key, 'facts')
  local status, cursor = string.match(facts or '', '^(%S+) %S+ %S+ %S+ (%S+)$')
  if status then
    redis.call('HSET', key, 'facts', facts .. ' ' .. ARGV[i + 1])
    redis.call('ZADD', base .. 'own:' .. status .. ':' .. ARGV[i + 1], 0, cursor)
    changed = changed + 1
  end
end
return changed
