import { decodeJob } from '../../src/jobspec/blocks/job.ts'
import { evaluateLeniently } from '../../src/jobspec/evaluate-leniently.ts'
import { buildScope } from '../../src/jobspec/variables.ts'
import { type Body, type DecodeContext, parseHcl } from '../../src/lang/hcl/index.ts'
import { noVariables } from './job-files.ts'
import type { BlockVocabulary } from './reference-tables.ts'

/** A job in which every block that is read stands where it may stand. */
const everyBlock = (type: 'service' | 'batch'): string => {
  const constraint = 'constraint {\n attribute = "a"\n value = "b"\n }'
  const service = `service {
    provider = "nomad"
    check {
      type = "tcp"
      interval = "1s"
      timeout = "1s"
      check_restart {
      }
    }
    check_restart {
    }
  }`
  return `job "web" {
    type = "${type}"
    ${constraint}
    update {
    }
    reschedule {
    }
    periodic {
      cron = "@daily"
    }
    parameterized {
    }
    group "app" {
      ${constraint}
      ${service}
      network {
        port "http" {}
      }
      ephemeral_disk {
      }
      scaling {
      }
      restart {
      }
      reschedule {
      }
      update {
      }
      task "server" {
        driver = "mock"
        ${constraint}
        ${service}
        resources {
        }
        logs {
        }
        lifecycle {
          hook = "prestart"
        }
        dispatch_payload {
        }
        template {
          data = ""
          destination = "local/a"
        }
        restart {
        }
      }
    }
  }
`
}

const pathsIn = (body: Body, path: string, into: Map<Body, string>): ReadonlyMap<Body, string> => {
  into.set(body, path)
  for (const block of body.blocks) pathsIn(block.body, `${path} ${block.type}`.trim(), into)
  return into
}

/** Every name that the code asks for or knows, block by block, in the order in which the blocks stand. */
export const jobVocabulary = (type: 'service' | 'batch' = 'service'): readonly BlockVocabulary[] => {
  const file = parseHcl(everyBlock(type), 'every-block')
  const paths = pathsIn(file.body, '', new Map())
  const found = new Map<string, BlockVocabulary>()
  const diagnostics: DecodeContext['diagnostics'] = []
  const context: DecodeContext = {
    scope: buildScope(file.body, noVariables, diagnostics),
    evaluate: evaluateLeniently,
    scopes: new WeakMap(),
    diagnostics,
    onVocabulary: (body, fields, known) => {
      const path = paths.get(body)
      if (path !== undefined) found.set(path, { path, fields, known })
    },
  }
  const [job] = file.body.blocks
  if (job === undefined) throw new Error('the file with every block cannot be read')
  decodeJob(job, context)
  return [...paths.values()].flatMap(path => found.get(path) ?? [])
}
