-- KEYS: nodes, hints. ARGV: now, publish, token, what it is, life (0 leaves). Answers {token, what it is} of every node that is there.
local moment, there, known = now(), {}, redis.call('HGETALL', KEYS[1])
local before
for n = 1, #known, 2 do
  local till, what = string.match(known[n + 1], '^(%d+) (.*)$')
  if known[n] == ARGV[3] then
    before = what
  elseif tonumber(till) > moment then
    table.insert(there, {known[n], what})
  else
    redis.call('HDEL', KEYS[1], known[n])
  end
end
local life = tonumber(ARGV[5])
if life > 0 then
  redis.call('HSET', KEYS[1], ARGV[3], whole(moment + life) .. ' ' .. ARGV[4])
  table.insert(there, {ARGV[3], ARGV[4]})
else
  redis.call('HDEL', KEYS[1], ARGV[3])
end
if life == 0 or before ~= ARGV[4] then redis.call(ARGV[2], KEYS[2], 'nodes') end
return there
