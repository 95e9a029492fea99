#!lua
-- Stores a document if the stored revision is the expected one.
-- KEYS: the document
-- ARGV: expected revision (0: none), value, ms it is kept or '' for ever
-- Returns the new revision; nil on another revision.
local revision = tonumber(redis.call('HGET', KEYS[1], 'rev') or 0)
if revision ~= tonumber(ARGV[1]) then return false end
redis.call('HSET', KEYS[1], 'value', ARGV[2], 'rev', revision + 1)
if ARGV[3] == '' then
  redis.call('PERSIST', KEYS[1])
else
  -- Deletes it where nothing of its time is left.
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return revision + 1
