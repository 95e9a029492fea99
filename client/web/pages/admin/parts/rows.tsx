import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

export interface Column<T> {
  /** Empty for the column of buttons. */
  label: string;
  /** Of a few words that are not to be broken. */
  short?: boolean;
  cell(row: T): ReactNode;
}

export interface RowsProps<T> {
  label: string;
  columns: Column<T>[];
  rows: readonly T[];
  keyOf(row: T): string;
}

/** A table; on a phone a card for each row. */
export function Rows<T>({ label, columns, rows, keyOf }: RowsProps<T>) {
  return (
    <Table className="admin-rows" aria-label={label} verticalSpacing="sm">
      <Table.Thead>
        <Table.Tr>
          {columns.map((column) =>
            column.label ? <Table.Th key={column.label}>{column.label}</Table.Th> : <Table.Td key="actions" />,
          )}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={keyOf(row)}>
            {columns.map((column) => (
              <Table.Td key={column.label} data-label={column.label} data-short={column.short}>
                {column.cell(row)}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
