import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks'
import { CallExport, type ExportChoice, saveFile } from '../call-export.ts'
import type { Connection } from '../connection.ts'
import { strings } from '../strings.ts'

const words = strings.export

interface ExportDialogProps {
  connection: Connection
  /** Query of the search whose records are exported. */
  search: Readonly<Record<string, string>>
  onClose: () => void
}

/** Writes the records of the current search to a file for a spreadsheet. */
export function ExportDialog({ connection, search, onClose }: ExportDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [, redraw] = useReducer((count: number, _: undefined) => count + 1, 0)
  const exporting = useMemo(() => new CallExport(connection, saveFile, () => redraw(undefined)), [connection])
  const [choice, setChoice] = useState<ExportChoice>({ format: 'xlsx', preset: 'report', separator: '' })
  useEffect(() => dialog.current?.showModal(), [])
  const { failure, isBusy, isDone, rows } = exporting
  const isCsv = choice.format === 'csv'
  return (
    <dialog ref={dialog} class="phone-dialog" aria-labelledby="export-title" onClose={onClose}>
      <div class="panel-head">
        <h2 id="export-title">{words.title}</h2>
        <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
          {words.close}
        </button>
      </div>
      <p>{words.lead}</p>
      <form
        class="search-form"
        aria-busy={isBusy}
        onSubmit={(event) => {
          event.preventDefault()
          exporting.start(search, choice)
        }}
      >
        <Choice name="format" options={words.formats} choice={choice} onChoose={setChoice} />
        <Choice name="preset" options={words.presets} choice={choice} onChoose={setChoice} />
        {isCsv && <Choice name="separator" options={words.separators} choice={choice} onChoose={setChoice} />}
        <button type="submit" class="primary" disabled={isBusy}>
          {words.submit}
        </button>
      </form>
      {failure !== undefined && (
        <p class="failure" role="alert">
          {failure}
        </p>
      )}
      <p class="said" role="status">
        {isBusy ? words.reading(rows) : isDone ? words.done(rows) : ''}
      </p>
    </dialog>
  )
}

interface ChoiceProps<Name extends keyof ExportChoice> {
  name: Name
  options: Readonly<Record<ExportChoice[Name], string>>
  choice: ExportChoice
  onChoose: (choice: ExportChoice) => void
}

function Choice<Name extends keyof ExportChoice>({ name, options, choice, onChoose }: ChoiceProps<Name>) {
  const choose = (event: Event) => {
    const { value } = event.currentTarget as HTMLSelectElement
    onChoose({ ...choice, [name]: value })
  }
  return (
    <label for={`export-${name}`}>
      {words.labels[name]}
      <select id={`export-${name}`} name={name} value={choice[name]} onInput={choose}>
        {Object.entries<string>(options).map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}
