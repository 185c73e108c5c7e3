-- Health of a MeshMigration or a NamespaceMigration: both report Ready, Reconciling and Stalled as kstatus defines them.
local health = { status = "Progressing", message = "Waiting for the operator" }
local status = obj.status
if status == nil or status.conditions == nil then
  return health
end

-- Conditions of an older generation say nothing about the spec as it is now.
if status.observedGeneration ~= nil and status.observedGeneration ~= obj.metadata.generation then
  return health
end

for _, condition in ipairs(status.conditions) do
  if condition.type == "Stalled" and condition.status == "True" then
    health.status = "Degraded"
    health.message = condition.message
    if (status.phase == "Paused" and condition.reason == "Paused") or condition.reason == "ApprovalRequired" then
      health.status = "Suspended"
    end
    return health
  end
end

for _, condition in ipairs(status.conditions) do
  if condition.type == "Reconciling" and condition.status == "True" then
    health.message = condition.message
    return health
  end
end

for _, condition in ipairs(status.conditions) do
  if condition.type == "Ready" and condition.status == "True" then
    health.status = "Healthy"
    health.message = condition.message
  end
end
return health
