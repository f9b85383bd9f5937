# Resets the database. Registering it runs nothing: each "job dispatch" with a budget runs it once.

variable "node" {
  type        = string
  default     = "node"
  description = "The node program, 20 or later."
}

variable "programs" {
  type        = string
  description = "The absolute path of the folder infra/demo/programs."
}

job "pytechco-setup" {
  type = "batch"

  parameterized {
    meta_required = ["budget"]
  }

  group "ptc-setup" {
    count = 1

    task "ptc-setup-task" {
      driver = "raw_exec"

      template {
        data        = <<EOH
{{ range nomadService "redis-svc" }}
REDIS_HOST={{ .Address }}
REDIS_PORT={{ .Port }}
{{ end }}
PTC_BUDGET={{ env "NOMAD_META_budget" }}
EOH
        destination = "local/env.txt"
        env         = true
      }

      config {
        command = var.node
        args    = ["${var.programs}/setup.mjs"]
      }

      resources {
        cpu    = 50
        memory = 128
      }
    }
  }
}
