-- KEYS: fields of an organization. ARGV: now, prefix, at most so many. Answers how many fields whose names begin so were removed.
local removed = 0
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if removed >= tonumber(ARGV[3]) then break end
  if string.sub(field, 1, #ARGV[2]) == ARGV[2] then
    removed = removed + redis.call('HDEL', KEYS[1], field)
  end
end
return removed
