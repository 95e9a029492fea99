#!lua
-- Who is present in a space.
-- KEYS: the space's base
-- Returns {when it last changed or nil, when an app was last connected or nil, {leases held, card, status, last seen at, until} of each app...}.
local base = KEYS[1]
local present = redis.call('HMGET', base .. 'meta', 'changedAt', 'lastConnectedAt')
for _, app in ipairs(redis.call('ZRANGE', base .. 'apps', 0, -1)) do
  local card = redis.call('HMGET', base .. 'app:' .. app, 'card', 'status', 'lastSeenAt', 'until')
  table.insert(card, 1, redis.call('HLEN', base .. 'held:' .. app))
  table.insert(present, card)
end
return present
