import { useState } from 'preact/hooks'
import { CallResult } from '../../contracts/call-result.ts'
import { emptyForm, type SearchForm as Form } from '../call-search.ts'
import { strings } from '../strings.ts'

const words = strings.search
const results = CallResult.options

export function SearchForm({ onSearch }: { onSearch: (form: Form) => void }) {
  const [form, setForm] = useState(emptyForm)
  const field = (name: keyof Form) => ({
    id: `search-${name}`,
    name,
    value: form[name],
    onInput: (event: Event) => {
      const { value } = event.currentTarget as HTMLInputElement
      setForm({ ...form, [name]: value })
    },
  })
  return (
    <form
      class="search-form"
      aria-label={words.form}
      onSubmit={(event) => {
        event.preventDefault()
        onSearch(form)
      }}
    >
      <label for="search-number">
        {words.number}
        <input {...field('number')} type="text" placeholder={words.numberHint} autocomplete="off" />
      </label>
      <Select label={words.side} field={field('side')} options={words.sides} />
      <Select
        label={words.result}
        field={field('result')}
        options={{ '': words.any, ...Object.fromEntries(results.map((name) => [name, strings.results[name]])) }}
      />
      <Select label={words.direction} field={field('direction')} options={{ '': words.any, ...words.directions }} />
      <label for="search-minDuration">
        {words.minDuration}
        <input {...field('minDuration')} type="number" min="0" step="1" />
      </label>
      <label for="search-from">
        {words.from}
        <input {...field('from')} type="date" />
      </label>
      <label for="search-to">
        {words.to}
        <input {...field('to')} type="date" />
      </label>
      <p class="buttons">
        <button type="submit" class="primary">
          {words.submit}
        </button>
        <button
          type="button"
          class="quiet"
          onClick={() => {
            setForm(emptyForm)
            onSearch(emptyForm)
          }}
        >
          {words.clear}
        </button>
      </p>
    </form>
  )
}

interface SelectProps {
  label: string
  field: { id: string; name: string; value: string; onInput: (event: Event) => void }
  options: Readonly<Record<string, string>>
}

function Select({ label, field, options }: SelectProps) {
  return (
    <label for={field.id}>
      {label}
      <select {...field}>
        {Object.entries(options).map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}
