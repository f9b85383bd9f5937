import type {
  Check,
  CheckRestart,
  ClearJob,
  Constraint,
  Network,
  Reschedule,
  Restart,
  Service,
  TaskGroupOf,
  TaskOf,
  TemplateOf,
  Update,
} from '../domain/jobspec/schema.ts'
import type { Json } from '../domain/json.ts'

/** The API gives every length of time in nanoseconds. */
const nanoseconds = (lengthMs: number): number => Math.round(lengthMs * 1e6)

const constraintJson = ({ attribute, operator, value }: Constraint): Json => ({
  LTarget: attribute,
  RTarget: value,
  Operand: operator,
})

const restartJson = (restart: Restart): Json => ({
  Attempts: restart.attempts,
  Interval: nanoseconds(restart.intervalMs),
  Delay: nanoseconds(restart.delayMs),
  Mode: restart.mode,
  RenderTemplates: restart.rendersTemplates,
})

const rescheduleJson = (reschedule: Reschedule): Json => ({
  Attempts: reschedule.attempts,
  Interval: nanoseconds(reschedule.intervalMs),
  Delay: nanoseconds(reschedule.delayMs),
  DelayFunction: reschedule.delayFunction,
  MaxDelay: nanoseconds(reschedule.maxDelayMs),
  Unlimited: reschedule.isUnlimited,
})

const updateJson = (update: Update): Json => ({
  MaxParallel: update.maxParallel,
  HealthCheck: update.healthCheck,
  MinHealthyTime: nanoseconds(update.minHealthyTimeMs),
  HealthyDeadline: nanoseconds(update.healthyDeadlineMs),
  ProgressDeadline: nanoseconds(update.progressDeadlineMs),
  AutoRevert: update.autoRevert,
})

const checkRestartJson = (restart: CheckRestart | null): Json =>
  restart === null ? null : { Limit: restart.limit, Grace: nanoseconds(restart.graceMs) }

const checkJson = (check: Check): Json => ({
  Name: check.name,
  Type: check.type,
  Path: check.path,
  Protocol: check.protocol,
  Method: check.method,
  Header: check.header,
  Body: check.body,
  PortLabel: check.port,
  Interval: nanoseconds(check.intervalMs),
  Timeout: nanoseconds(check.timeoutMs),
  InitialStatus: check.initialStatus,
  TLSSkipVerify: !check.isTlsVerified,
  OnUpdate: check.onUpdate,
  CheckRestart: checkRestartJson(check.checkRestart),
})

const serviceJson = (service: Service): Json => ({
  Name: service.name,
  PortLabel: service.port,
  Provider: service.provider,
  Tags: service.tags,
  Meta: service.meta,
  AddressMode: service.addressMode,
  Address: service.address,
  TaskName: service.task,
  Checks: service.checks.map(checkJson),
})

const networkJson = ({ mode, ports }: Network): Json => {
  const reserved = ports.filter(port => port.static > 0)
  const dynamic = ports.filter(port => port.static === 0)
  return {
    Mode: mode,
    ReservedPorts: reserved.map(port => ({
      Label: port.label,
      Value: port.static,
      To: port.to,
      HostNetwork: port.hostNetwork,
    })),
    DynamicPorts: dynamic.map(port => ({ Label: port.label, To: port.to, HostNetwork: port.hostNetwork })),
  }
}

const templateJson = (template: TemplateOf<string>): Json => ({
  SourcePath: template.sourcePath,
  DestPath: template.destination,
  EmbeddedTmpl: template.data ?? '',
  ChangeMode: template.changeMode,
  ChangeSignal: template.changeSignal,
  Splay: nanoseconds(template.splayMs),
  Perms: template.perms,
  LeftDelim: template.leftDelimiter,
  RightDelim: template.rightDelimiter,
  Envvars: template.isEnv,
  Once: template.isOnce,
  ErrMissingKey: template.errorsOnMissingKey,
})

const taskJson = (task: TaskOf<string>): Json => ({
  Name: task.name,
  Driver: task.driver,
  Config: task.config,
  Env: task.env,
  Meta: task.meta,
  Constraints: task.constraints.map(constraintJson),
  Resources: {
    CPU: task.resources.cpuMhz,
    MemoryMB: task.resources.memoryMb,
    MemoryMaxMB: task.resources.memoryMaxMb,
  },
  Services: task.services.map(serviceJson),
  Templates: task.templates.map(templateJson),
  RestartPolicy: restartJson(task.restart),
  KillTimeout: nanoseconds(task.killTimeoutMs),
  KillSignal: task.killSignal,
  ShutdownDelay: nanoseconds(task.shutdownDelayMs),
  Leader: task.isLeader,
  Lifecycle: task.lifecycle === null ? null : { Hook: task.lifecycle.hook, Sidecar: task.lifecycle.isSidecar },
  LogConfig: { MaxFiles: task.logs.maxFiles, MaxFileSizeMB: task.logs.maxFileSizeMb, Disabled: task.logs.isDisabled },
  DispatchPayload: task.dispatchPayloadFile === '' ? null : { File: task.dispatchPayloadFile },
})

const groupJson = (group: TaskGroupOf<string>, job: ClearJob): Json => ({
  Name: group.name,
  Count: group.count,
  Constraints: group.constraints.map(constraintJson),
  Networks: group.network === null ? [] : [networkJson(group.network)],
  Services: group.services.map(serviceJson),
  Tasks: group.tasks.map(task => taskJson(task)),
  ReschedulePolicy: rescheduleJson(group.reschedule),
  // A service without a rolling update says so; nothing would mean the default one.
  Update: group.update !== null ? updateJson(group.update) : job.type === 'service' ? { MaxParallel: 0 } : null,
  EphemeralDisk: { SizeMB: group.ephemeralDiskMb },
  ShutdownDelay: nanoseconds(group.shutdownDelayMs),
  Meta: group.meta,
})

/** A job in the JSON of Nomad's API, `{"Job": {…}}`: read again, it is the same job. */
export const toApiJson = (job: ClearJob): Json => ({
  Job: {
    ID: job.id,
    Name: job.name,
    Namespace: job.namespace,
    Region: job.region,
    Type: job.type,
    Priority: job.priority,
    AllAtOnce: job.allAtOnce,
    Datacenters: job.datacenters,
    NodePool: job.nodePool,
    Constraints: job.constraints.map(constraintJson),
    TaskGroups: job.groups.map(group => groupJson(group, job)),
    Periodic:
      job.periodic === null
        ? null
        : {
            Enabled: job.periodic.isEnabled,
            SpecType: 'cron',
            Specs: job.periodic.crons,
            ProhibitOverlap: job.periodic.prohibitsOverlap,
            TimeZone: job.periodic.timeZone,
          },
    ParameterizedJob:
      job.parameterized === null
        ? null
        : {
            Payload: job.parameterized.payload,
            MetaRequired: job.parameterized.metaRequired,
            MetaOptional: job.parameterized.metaOptional,
          },
    Meta: job.meta,
  },
})
