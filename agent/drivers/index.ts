/** Every driver, one sorted line each. The name is the file's. */
import { type Driver, DriverCatalogue } from '../driver.ts'
import cisco_ios from './cisco_ios.ts'

const named: Record<string, Driver> = {
  cisco_ios,
}

export const drivers = new DriverCatalogue(Object.entries(named).map(([name, driver]) => ({ ...driver, name })))
