import { useEffect, useMemo, useReducer, useState } from 'preact/hooks'
import type { Call } from '../../contracts/calls.ts'
import { partyLabel } from '../call-parties.ts'
import { CallSearch, emptyForm, type SearchSource } from '../call-search.ts'
import type { Connection } from '../connection.ts'
import { duration, localZone, timeOf } from '../moments.ts'
import { strings } from '../strings.ts'
import { ExportDialog } from './export-dialog.tsx'
import { ResultChip } from './result-chip.tsx'
import { SearchForm } from './search-form.tsx'

const words = strings.search

/** Searches the whole call log in the cloud, page by page. */
export function SearchPage({ source, connection }: { source: SearchSource; connection: Connection }) {
  const [, redraw] = useReducer((count: number, _: undefined) => count + 1, 0)
  const search = useMemo(() => new CallSearch(source, () => redraw(undefined)), [source])
  const [isExporting, setExporting] = useState(false)
  useEffect(() => {
    search.search(emptyForm)
  }, [search])
  const { calls } = search.page
  return (
    <main class="search">
      <section class="panel" aria-labelledby="search-title" aria-busy={search.isLoading}>
        <div class="panel-head">
          <h2 id="search-title">{words.title}</h2>
          <p class="count" role="status">
            {search.isLoading ? words.loading : words.page(search.pageNumber)}
          </p>
          <button type="button" class="quiet" onClick={() => setExporting(true)}>
            {strings.export.open}
          </button>
        </div>
        <SearchForm onSearch={(form) => search.search(form)} />
        {search.failure !== undefined && (
          <p class="failure" role="alert">
            {words.failed(search.failure)}
          </p>
        )}
        {calls.length > 0 ? <Rows calls={calls} /> : <Nothing search={search} />}
        <p class="turn">
          <button type="button" disabled={search.pageNumber === 1 || search.isLoading} onClick={() => search.newer()}>
            {words.newer}
          </button>
          <button type="button" disabled={!search.hasOlder || search.isLoading} onClick={() => search.older()}>
            {words.older}
          </button>
        </p>
      </section>
      {isExporting && (
        <ExportDialog connection={connection} search={search.exportQuery} onClose={() => setExporting(false)} />
      )}
    </main>
  )
}

function Nothing({ search }: { search: CallSearch }) {
  if (search.isLoading || search.failure !== undefined) return null
  return <p class="empty">{search.hasOlder ? words.short : words.none}</p>
}

function Rows({ calls }: { calls: readonly Call[] }) {
  return (
    <table class="call-table search-table">
      <caption>{words.caption(localZone)}</caption>
      <thead>
        <tr>
          {Object.entries(words.columns).map(([name, title]) => (
            <th key={name} scope="col" class={name}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {calls.map((call) => (
          <Row key={call.call} call={call} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ call }: { call: Call }) {
  const from = partyLabel(call.caller)
  return (
    <tr data-call={call.call}>
      <td class="time">{timeOf(Date.parse(call.startedAt), Date.now())}</td>
      <td class="from">
        {from.main}
        {from.detail && <span class="detail"> {from.detail}</span>}
      </td>
      <td class="to">{call.dialled}</td>
      <td class="result">
        <ResultChip result={call.result} />
      </td>
      <td class="talk">{duration(call.talkSeconds ?? 0)}</td>
      <td class="story">
        {call.summary}
        {call.recordings?.map((name) => (
          <span class="recording" key={name} title={words.recording}>
            {name}
          </span>
        ))}
      </td>
    </tr>
  )
}
