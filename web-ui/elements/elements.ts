/** What pages are put together from. */
export { Boundary } from './boundary.tsx'
export { Confirm, Dialog } from './dialog.tsx'
export { goTo, hrefTo, type Place, refine, usePlace } from './place.ts'
export { SavedForm } from './savedForm.tsx'
export { SettingsForm } from './settingsForm.tsx'
export {
  Ago,
  Card,
  Empty,
  Head,
  Link,
  Loading,
  Locked,
  Section,
  StateBadge,
  Trouble,
  useNow,
} from './show.tsx'
export { Suggested, type Suggestion, windows } from './suggested.tsx'
export {
  age,
  count,
  dicomDate,
  duration,
  list,
  moment,
  personName,
  sentence,
  size,
} from './words.ts'
