import { useState } from 'preact/hooks'
import { createApi } from '../../client/http-client.ts'
import { gradeRoutes, type UploadResult } from '../../contracts/routes/grades.ts'
import { Icon } from '../components/icon.tsx'
import { Panel, TableBox } from '../components/panel.tsx'
import { Failure } from '../components/states.tsx'
import { number, plural, t } from '../language.ts'
import { useAction } from '../loading.ts'
import { useSession } from '../session.ts'

/** Faulty rows that the page shows at once. */
const faultsShownMax = 50

/** Checks a file of marks and shows what is wrong with each row; then writes all rows, or none. */
export function UploadPanel({ onWritten }: { onWritten: () => void }) {
  const { connection } = useSession()
  const [file, setFile] = useState<{ name: string; csv: string }>()
  const [result, setResult] = useState<UploadResult>()
  const action = useAction()
  const send = (csv: string, isDryRun: boolean) =>
    action.run(async () => {
      const query = { dryRun: isDryRun ? ('true' as const) : ('false' as const) }
      const api = createApi(connection, gradeRoutes)
      const { body } = await api('POST /v1/sites/{site}/grades', { query, body: { csv } })
      setResult(body)
      if (body.written > 0) onWritten()
    })
  const take = async (chosen: File | undefined) => {
    setResult(undefined)
    action.clear()
    if (!chosen) return setFile(undefined)
    const csv = await chosen.text()
    setFile({ name: chosen.name, csv })
    await send(csv, true)
  }
  const canWrite = file && result?.dryRun && result.faults.length === 0 && result.rows > 0 && !action.isBusy
  return (
    <Panel title={t('marks.upload')} note={file?.name}>
      <div class="stack pad">
        <label class="labelled">
          {t('marks.file')}
          <input
            class="input"
            type="file"
            accept=".csv,text/csv"
            onChange={({ currentTarget }) => take(currentTarget.files?.[0])}
          />
          <span class="hint">{t('marks.fileHint')}</span>
        </label>
        <Failure text={action.failure} />
        <p class="row" role="status">
          {result && <Outcome result={result} />}
        </p>
        {result && result.faults.length > 0 && <Faults result={result} csv={file?.csv ?? ''} />}
        <p>
          <button
            type="button"
            class="button primary"
            aria-disabled={!canWrite}
            onClick={() => canWrite && send(file.csv, false)}
          >
            <Icon name="upload" small />
            {t('marks.write')}
          </button>
        </p>
      </div>
    </Panel>
  )
}

function Outcome({ result: { dryRun, rows, written, faults } }: { result: UploadResult }) {
  if (!dryRun && faults.length === 0) {
    return (
      <span class="tinted" data-tone="good">
        <Icon name="available" small />
        {plural('marks.written', written)}
      </span>
    )
  }
  return (
    <>
      <span class="tinted" data-tone={faults.length > 0 ? 'bad' : 'good'}>
        <Icon name={faults.length > 0 ? 'failed' : 'available'} small />
        {faults.length > 0 ? plural('marks.faults', faults.length) : t('marks.fine')}
      </span>
      <span class="note">{plural('marks.checked', rows)}</span>
    </>
  )
}

/** The faulty rows as they are in the file, with what is wrong. */
function Faults({ result: { faults }, csv }: { result: UploadResult; csv: string }) {
  const lines = csv.replace(/^\ufeff/, '').split(/\r?\n/)
  return (
    <>
      <TableBox label={t('marks.faultsTitle')}>
        <table>
          <thead>
            <tr>
              <th scope="col" class="figure">
                {t('marks.row')}
              </th>
              <th scope="col">{t('marks.line')}</th>
              <th scope="col">{t('marks.field')}</th>
              <th scope="col">{t('marks.wrong')}</th>
            </tr>
          </thead>
          <tbody>
            {faults.slice(0, faultsShownMax).map(({ row, field, message }) => (
              <tr key={`${row} ${field}`}>
                <td class="figure">{number(row)}</td>
                <td>
                  <code>{lines[row]}</code>
                </td>
                <td>{field}</td>
                <td>{message}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableBox>
      {faults.length > faultsShownMax && (
        <p class="note">{t('marks.moreFaults', { count: number(faults.length - faultsShownMax) })}</p>
      )}
    </>
  )
}
