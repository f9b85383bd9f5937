# One employee comes online every three seconds, works for some seconds and logs off.

variable "node" {
  type        = string
  default     = "node"
  description = "The node program, 20 or later."
}

variable "programs" {
  type        = string
  description = "The absolute path of the folder infra/demo/programs."
}

job "pytechco-employee" {
  type = "batch"

  periodic {
    cron             = "0/3 * * * * * *"
    prohibit_overlap = false
  }

  group "ptc-employee" {
    count = 1

    task "ptc-employee-task" {
      driver = "raw_exec"

      restart {
        attempts = 2
        delay    = "2s"
        interval = "30s"
        mode     = "fail"
      }

      template {
        data        = <<EOH
{{ range nomadService "redis-svc" }}
REDIS_HOST={{ .Address }}
REDIS_PORT={{ .Port }}
PTC_EMPLOYEE_ID={{ env "NOMAD_SHORT_ALLOC_ID" }}
{{ end }}
EOH
        destination = "local/env.txt"
        env         = true
      }

      config {
        command = var.node
        args    = ["${var.programs}/employee.mjs"]
      }

      resources {
        cpu    = 50
        memory = 128
      }
    }
  }
}
