interface Titled {
  title: string;
}

/** In the order in which people of the language look things up: 2 before 10. */
export function byTitle(language: string | undefined): (a: Titled, b: Titled) => number {
  const { compare } = new Intl.Collator(language, { numeric: true });
  return (a, b) => compare(a.title, b.title);
}
