import { TextInput, type TextInputProps } from '@mantine/core'
import { useId } from 'react'

/** What may be typed, and what it means. */
export type Suggestion = readonly [value: string, meaning?: string]

/** Windows of time that clinics ask for, as cron has them. */
export const windows: readonly Suggestion[] = [
  ['* 18-23,0-6 * * *', 'nights, 18:00 to 07:00'],
  ['* * * * 6,0', 'Saturdays and Sundays'],
  ['* 7-17 * * 1-5', 'working days, 07:00 to 18:00'],
  ['* 12 * * *', 'noon, 12:00 to 13:00'],
]

/** A text field that offers what is typed most; anything else may be typed. */
export function Suggested({
  suggestions,
  ...props
}: TextInputProps & { suggestions: readonly Suggestion[] }) {
  const id = useId()
  return (
    <>
      <TextInput autoCapitalize="off" spellCheck={false} {...props} list={id} />
      <datalist id={id}>
        {suggestions.map(([value, meaning]) => (
          <option key={value} value={value}>
            {meaning}
          </option>
        ))}
      </datalist>
    </>
  )
}
