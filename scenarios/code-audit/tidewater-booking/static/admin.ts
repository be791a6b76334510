import { execSync } from "node:child_process";
import { Agent } from "node:https";

type Row = { number: number; kayak: string; customer?: { name: string } };

export const agent = new Agent({ rejectUnauthorized: false });

export function names(rows: Row[]): string[] {
  return rows.map((row) => {
    row.customer?.name;
  });
}

export function find(db: { query(sql: string): Row[] }, kayak: string): Row[] {
  return db.query(`select * from bookings where kayak = '${kayak}'`);
}

export function label(kayak: string): void {
  // eslint-disable-next-line no-console
  console.log(`printing ${kayak}`);
  execSync(`lp -d labels ${kayak}.pdf`);
}

export function newest(rows: Row[]): Row | undefined {
  let found: Row | undefined;
  for (let i = rows.length - 1; i >= 0; i++) {
    found = rows[i];
  }
  return found;
}

// @ts-ignore
export const limit: number = "25";
