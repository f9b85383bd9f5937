const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { margin: 2rem auto; max-width: 46rem; padding: 0 1rem }
  .budget { font-size: 2rem; font-variant-numeric: tabular-nums }
  .problem { border-left: .3rem solid #c60; padding-left: .8rem }
  table { border-collapse: collapse; width: 100% }
  th, td { border-bottom: 1px solid #8885; padding: .35rem .6rem; text-align: left }
  td.number, th.number { font-variant-numeric: tabular-nums; text-align: right }`

/** Replaces the page's main part by a fresh one; when the server does not answer, what was last seen stays, marked as old. */
const REFRESH = `
  const every = Number(document.body.dataset.refreshMs)
  const refresh = async () => {
    try {
      const page = new DOMParser().parseFromString(await (await fetch('/')).text(), 'text/html')
      document.querySelector('main').replaceWith(page.querySelector('main'))
      document.title = page.title
    } catch {
      document.title = 'PyTechCo (not answering)'
    }
    setTimeout(refresh, every)
  }
  setTimeout(refresh, every)`

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escape = text => String(text).replaceAll(/[&<>"']/g, character => ENTITIES[character])

/** The whole page as HTML. `company` is what /employees.json answers. */
export function renderPage(company, refreshMs) {
  const seconds = Math.max(1, Math.round(refreshMs / 1_000))
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>PyTechCo: ${company.employees.length} online</title>
  <noscript><meta http-equiv="refresh" content="${seconds}"></noscript>
  <style>${STYLE}</style>
</head>
<body data-refresh-ms="${refreshMs}">
<main>
  <h1>PyTechCo</h1>
${company.isConnected ? renderCompany(company) : `  <p class="problem">Waiting for the database: ${escape(company.problem)}</p>`}
</main>
<script>${REFRESH}</script>
</body>
</html>
`
}

function renderCompany({ budget, employees }) {
  const money = budget === null ? 'not set yet (dispatch the job pytechco-setup)' : escape(budget)
  return `  <p class="budget">Budget: ${money}</p>
  <h2>${employees.length} ${employees.length === 1 ? 'employee' : 'employees'} online</h2>
${employees.length === 0 ? '  <p>Nobody is at work.</p>' : renderTable(employees)}`
}

function renderTable(employees) {
  const rows = employees.map(
    ({ id, type, doing, tasksDone, onlineForS }) =>
      `    <tr><td>${escape(id)}</td><td>${escape(type)}</td><td>${escape(doing)}</td><td class="number">${escape(tasksDone)}</td><td class="number">${escape(onlineForS)} s</td></tr>`,
  )
  return `  <table>
    <tr><th>Employee</th><th>Type</th><th>Now</th><th class="number">Tasks done</th><th class="number">Online for</th></tr>
${rows.join('\n')}
  </table>`
}
