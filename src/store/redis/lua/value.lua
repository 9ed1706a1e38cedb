-- KEYS: value. ARGV: now, step, and for put and keep: value, life.
-- Answers the value that stands, or nothing. Before the value stands the time until which it counts.
local there = redis.call('GET', KEYS[1])
local value
if there then
  local till, bytes = string.match(there, '^(%d+) (.*)$')
  if tonumber(till) > now() then value = bytes end
end
local step = ARGV[2]
if step == 'take' then
  if there then redis.call('DEL', KEYS[1]) end
elseif step == 'put' or (step == 'keep' and not value) then
  value = ARGV[3]
  redis.call('SET', KEYS[1], whole(now() + tonumber(ARGV[4])) .. ' ' .. value)
  -- A test's time does not move the server's.
  if ARGV[1] == '' then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
end
return value or false
