import type { ComponentChildren, InputHTMLAttributes } from 'preact'
import { useId, useRef } from 'preact/hooks'
import { useKeys } from '../keyboard.ts'
import { t } from '../language.ts'
import { changeQuery } from '../router.ts'
import { Icon } from './icon.tsx'

interface SelectProps<Value extends string> {
  label: string
  value: Value
  options: readonly (readonly [value: Value, text: string])[]
  onChoose: (value: Value) => void
  /** Leaves the label to screen readers, where the chosen value says enough. */
  isLabelHidden?: boolean
}

export function Select<Value extends string>({ label, value, options, onChoose, isLabelHidden }: SelectProps<Value>) {
  return (
    <label class="labelled">
      <span class={isLabelHidden ? 'visually-hidden' : undefined}>{label}</span>
      <select
        class="input"
        value={value}
        onChange={({ currentTarget }) => {
          const chosen = options.find(([name]) => name === currentTarget.value)
          if (chosen) onChoose(chosen[0])
        }}
      >
        {options.map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}

type InputProps = Omit<InputHTMLAttributes<HTMLInputElement>, 'type' | 'role'>
/** Preact's types know an input by its literal type. */
const inputs = {
  text: (props: InputProps) => <input {...props} type="text" />,
  url: (props: InputProps) => <input {...props} type="url" />,
  number: (props: InputProps) => <input {...props} type="number" />,
}

interface TextFieldProps {
  label: string
  value: string
  onInput: (value: string) => void
  hint?: ComponentChildren
  type?: keyof typeof inputs
  required?: boolean
  placeholder?: string
}

export function TextField({ label, value, onInput, hint, type = 'text', ...attributes }: TextFieldProps) {
  const Input = inputs[type]
  const id = useId()
  return (
    <div class="labelled">
      <label for={id}>{label}</label>
      <Input
        id={id}
        class="input"
        aria-describedby={hint ? `${id}-hint` : undefined}
        value={value}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
        {...attributes}
      />
      {hint && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  )
}

interface SwitchProps {
  label: string
  isOn: boolean
  onToggle: (isOn: boolean) => void
  isDisabled?: boolean
  isDnd?: boolean
}

export function Switch({ label, isOn, onToggle, isDisabled, isDnd }: SwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      class={isDnd ? 'switch dnd' : 'switch'}
      aria-checked={isOn}
      aria-label={label}
      aria-disabled={isDisabled}
      onClick={() => isDisabled || onToggle(!isOn)}
    >
      <span />
    </button>
  )
}

/**
 * The filter of a page: its text, `value`, is in the address and nowhere else, so that drawing it late loses no letter. `/` goes
 * to it, and Escape clears it.
 */
export function FilterField({ label, value }: { label: string; value: string }) {
  const input = useRef<HTMLInputElement>(null)
  const type = (text: string) => changeQuery({ q: text }, { replace: true })
  useKeys({
    '/': () => input.current?.focus(),
    Escape: value === '' ? undefined : () => type(''),
  })
  return (
    <label class="filter">
      <Icon name="search" />
      <span class="visually-hidden">{label}</span>
      <input
        ref={input}
        type="search"
        placeholder={label}
        value={value}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => type(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur()
        }}
      />
      <kbd title={t('keys.filter')}>/</kbd>
    </label>
  )
}
