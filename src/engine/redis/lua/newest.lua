#!lua
-- The newest records of a kind that have not expired.
-- KEYS: the kind's base
-- ARGV: the id to begin after or '', how many
-- Returns id, space and value of each, the highest id first.
local records, expiry, wanted = KEYS[1] .. 'records', KEYS[1] .. 'expiry', tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local from, found = ARGV[1] == '' and '+' or '(' .. ARGV[1] .. ' ', {}
while #found < wanted do
  local page = redis.call('ZRANGE', records, from, '-', 'BYLEX', 'REV', 'LIMIT', 0, wanted - #found)
  if #page == 0 then break end
  for _, record in ipairs(page) do
    if tonumber(redis.call('ZSCORE', expiry, string.match(record, '^%S+'))) > now then found[#found + 1] = record end
  end
  from = '(' .. page[#page]
end
return found
