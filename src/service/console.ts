/** What only a person at the server's own terminal is to see. */
export interface Console {
  /** The first administrator was made, with a password that nobody has chosen. It is shown this once. */
  firstAdmin(name: string, password: string): void;
}

/** Past the log, which others read. */
export const TERMINAL: Console = {
  firstAdmin(name, password) {
    process.stderr.write(
      `\nThe first administrator is "${name}", with the password ${password}\nIt is not shown again: sign in with it, and change it.\n\n`,
    );
  },
};
