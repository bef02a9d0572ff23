import { useMemo, useReducer, useState } from 'preact/hooks'
import { CallExport, type ExportChoice, saveFile } from '../call-export.ts'
import { Select } from '../components/fields.tsx'
import { Modal } from '../components/modal.tsx'
import { Failure } from '../components/states.tsx'
import { number, t } from '../language.ts'
import { useSession } from '../session.ts'

interface ExportDialogProps {
  /** Query of the search whose records are exported. */
  search: Readonly<Record<string, string>>
  onClose: () => void
}

const formats = ['csv', 'xlsx'] as const
const presets = ['report', 'full'] as const
const separators = ['', 'semicolon', 'comma', 'tab'] as const

/** Writes the records of the current search to a file for a spreadsheet. */
export function ExportDialog({ search, onClose }: ExportDialogProps) {
  const { connection } = useSession()
  const [, redraw] = useReducer((count: number, _: undefined) => count + 1, 0)
  const exporting = useMemo(() => new CallExport(connection, saveFile, () => redraw(undefined)), [connection])
  const [choice, setChoice] = useState<ExportChoice>({ format: 'csv', preset: 'report', separator: '' })
  const { failure, isBusy, isDone, rows } = exporting
  return (
    <Modal title={t('export.title')} onClose={onClose}>
      <p class="lead">{t('export.lead')}</p>
      <form
        class="stack"
        aria-busy={isBusy}
        onSubmit={(event) => {
          event.preventDefault()
          if (!isBusy) exporting.start(search, choice)
        }}
      >
        <Select
          label={t('export.format')}
          value={choice.format}
          options={formats.map((name) => [name, t(`export.format.${name}`)] as const)}
          onChoose={(format) => setChoice({ ...choice, format })}
        />
        <Select
          label={t('export.preset')}
          value={choice.preset}
          options={presets.map((name) => [name, t(`export.preset.${name}`)] as const)}
          onChoose={(preset) => setChoice({ ...choice, preset })}
        />
        {choice.format === 'csv' && (
          <Select
            label={t('export.separator')}
            value={choice.separator}
            options={separators.map((name) => [name, t(`export.separator.${name || 'site'}`)] as const)}
            onChoose={(separator) => setChoice({ ...choice, separator })}
          />
        )}
        <Failure text={failure} />
        <p class="said" role="status">
          {isBusy
            ? t('export.reading', { rows: number(rows) })
            : isDone
              ? t('export.done', { rows: number(rows) })
              : ''}
        </p>
        <button type="submit" class="button primary" aria-disabled={isBusy}>
          {t('export.submit')}
        </button>
      </form>
    </Modal>
  )
}
