/** Dates as Python's `strftime` writes them in the C locale, whatever the machine's language is. */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** Directives that give a number, with its digits and what fills them. */
const NUMBERS: Readonly<Record<string, (date: Date) => [value: number, digits: number, fill?: string]>> = {
  d: (date) => [date.getDate(), 2],
  e: (date) => [date.getDate(), 2, ' '],
  m: (date) => [date.getMonth() + 1, 2],
  y: (date) => [date.getFullYear() % 100, 2],
  Y: (date) => [date.getFullYear(), 1],
  H: (date) => [date.getHours(), 2],
  I: (date) => [date.getHours() % 12 || 12, 2],
  M: (date) => [date.getMinutes(), 2],
  S: (date) => [date.getSeconds(), 2],
  w: (date) => [date.getDay(), 1],
  j: (date) => [dayOfYear(date), 3],
};

const TEXTS: Readonly<Record<string, (date: Date) => string>> = {
  a: (date) => DAYS[date.getDay()].slice(0, 3),
  A: (date) => DAYS[date.getDay()],
  b: (date) => MONTHS[date.getMonth()].slice(0, 3),
  B: (date) => MONTHS[date.getMonth()],
  p: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  F: (date) => strftime(date, '%Y-%m-%d'),
  T: (date) => strftime(date, '%H:%M:%S'),
  '%': () => '%',
};

const dayOfYear = (date: Date): number =>
  Math.round(
    (Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - Date.UTC(date.getFullYear(), 0, 0)) / 864e5,
  );

/** `date.strftime(format)`, in the machine's time zone; `%-d` is `%d` without its zero. Unknown directives stay. */
export function strftime(date: Date, format: string): string {
  return format.replace(/%(-?)([A-Za-z%])/g, (directive, bare: string, letter: string) => {
    const text = TEXTS[letter];
    if (text) return text(date);
    const number = NUMBERS[letter];
    if (!number) return directive;
    const [value, digits, fill = '0'] = number(date);
    return bare ? String(value) : String(value).padStart(digits, fill);
  });
}
