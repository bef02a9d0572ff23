import { useMemo, useReducer, useState } from 'preact/hooks'
import { type Honour, honours } from '../../contracts/grades.ts'
import { type Language, languages, sayGrade } from '../../contracts/spoken-mark.ts'
import type { Connection } from '../connection.ts'
import { faultsShownMax, Marks } from '../marks.ts'
import { strings } from '../strings.ts'

const words = strings.marks

/** Finds and corrects the mark of a student, with the sentences that the voice menu speaks, and uploads files of marks. */
export function MarksPage({ connection }: { connection: Connection }) {
  const [, redraw] = useReducer((count: number, _: undefined) => count + 1, 0)
  const marks = useMemo(() => new Marks(connection, () => redraw(undefined)), [connection])
  return (
    <main class="search" aria-busy={marks.isBusy}>
      {marks.failure !== undefined && (
        <p class="failure" role="alert">
          {marks.failure}
        </p>
      )}
      <section class="panel" aria-labelledby="mark-title">
        <h2 id="mark-title">{words.one}</h2>
        <Find marks={marks} />
        {marks.mark && (
          <Correct key={`${marks.mark.matricule} ${marks.mark.note} ${marks.mark.mention}`} marks={marks} />
        )}
      </section>
      <section class="panel" aria-labelledby="file-title">
        <h2 id="file-title">{words.many}</h2>
        <Send marks={marks} />
      </section>
    </main>
  )
}

function submitted(run: () => void) {
  return (event: Event) => {
    event.preventDefault()
    run()
  }
}

function Find({ marks }: { marks: Marks }) {
  const [matricule, setMatricule] = useState('')
  return (
    <form class="search-form" onSubmit={submitted(() => marks.find(matricule))}>
      <label>
        {words.matricule}
        <input
          value={matricule}
          inputMode="numeric"
          pattern="\d{3,12}"
          required
          onInput={(event) => setMatricule(event.currentTarget.value)}
        />
      </label>
      <button type="submit">{words.find}</button>
    </form>
  )
}

function Correct({ marks }: { marks: Marks }) {
  const { mark } = marks
  const [note, setNote] = useState(String(mark?.note ?? ''))
  const [mention, setMention] = useState<Honour>()
  if (!mark) return null
  return (
    <>
      {languages.map((language: Language) => (
        <p key={language} class="sentence" lang={language}>
          {sayGrade(mark, language)}
        </p>
      ))}
      <form class="search-form" onSubmit={submitted(() => marks.correct(Number(note), mention))}>
        <label>
          {words.note}
          <input
            type="number"
            step="0.01"
            min="0"
            required
            value={note}
            onInput={(event) => setNote(event.currentTarget.value)}
          />
        </label>
        <label>
          {words.mention}
          <select
            value={mention ?? ''}
            onChange={({ currentTarget: { value } }) => setMention(honours.find((one) => one === value))}
          >
            <option value="">{words.byScale}</option>
            {honours.map((honour) => (
              <option key={honour} value={honour}>
                {honour}
              </option>
            ))}
          </select>
        </label>
        <button type="submit">{words.correct}</button>
      </form>
    </>
  )
}

function Send({ marks }: { marks: Marks }) {
  const [csv, setCsv] = useState('')
  const take = async (file: File | undefined) => setCsv((await file?.text()) ?? '')
  const { upload } = marks
  return (
    <>
      <form class="search-form" onSubmit={submitted(() => marks.send(csv, false))}>
        <label>
          {words.file}
          <input type="file" accept=".csv,text/csv" onChange={(event) => take(event.currentTarget.files?.[0])} />
        </label>
        <button type="button" disabled={csv === ''} onClick={() => marks.send(csv, true)}>
          {words.check}
        </button>
        <button type="submit" disabled={csv === ''}>
          {words.upload}
        </button>
      </form>
      {upload && (
        <p role="status">
          {upload.dryRun ? words.checked(upload.rows, upload.faults.length) : words.sent(upload.written)}
        </p>
      )}
      <ul>
        {upload?.faults.slice(0, faultsShownMax).map(({ row, field, message }) => (
          <li key={`${row} ${field}`}>{words.fault(row, field, message)}</li>
        ))}
      </ul>
    </>
  )
}
