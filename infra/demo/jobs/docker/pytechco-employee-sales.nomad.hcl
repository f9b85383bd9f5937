# pytechco-employee.nomad.hcl after the edit: one employee every second, and all of them sales engineers.

variable "tag" {
  type        = string
  default     = "1.0"
  description = "Tag of the local images under muster-demo/."
}

job "pytechco-employee" {
  type = "batch"

  periodic {
    cron             = "0/1 * * * * * *"
    prohibit_overlap = false
  }

  group "ptc-employee" {
    count = 1

    task "ptc-employee-task" {
      driver = "docker"

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
        image = "muster-demo/ptc-employee:${var.tag}"
        args  = ["--employee-type", "sales_engineer"]
      }

      resources {
        cpu    = 50
        memory = 128
      }
    }
  }
}
