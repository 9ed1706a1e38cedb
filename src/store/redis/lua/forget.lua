-- KEYS: fields of an organization. ARGV: now, prefix, at most so many. Answers how many fields whose names begin so were removed.
local most = tonumber(ARGV[3])
if most < 1 then return 0 end
-- A whole name is the common case, and needs no look at all the others.
local removed = redis.call('HDEL', KEYS[1], ARGV[2])
if removed >= most then return removed end
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if removed >= most then break end
  if string.sub(field, 1, #ARGV[2]) == ARGV[2] then
    removed = removed + redis.call('HDEL', KEYS[1], field)
  end
end
return removed
