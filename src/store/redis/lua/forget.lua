-- KEYS: fields of an organization. ARGV: now, prefix, at most so many. Answers how many fields whose names begin so were removed.
-- A whole name is the common case, and needs no look at all the others.
local removed = redis.call('HDEL', KEYS[1], ARGV[2])
if removed >= tonumber(ARGV[3]) then return removed end
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if removed >= tonumber(ARGV[3]) then break end
  if string.sub(field, 1, #ARGV[2]) == ARGV[2] then
    removed = removed + redis.call('HDEL', KEYS[1], field)
  end
end
return removed
