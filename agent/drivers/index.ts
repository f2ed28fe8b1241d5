/** Every driver, one sorted line each. The name is the file's. */
import { type Driver, DriverCatalogue } from '../driver.ts'
import arista_eos from './arista_eos.ts'
import cisco_asa from './cisco_asa.ts'
import cisco_ios from './cisco_ios.ts'
import cisco_nxos from './cisco_nxos.ts'
import fortinet_fortios from './fortinet_fortios.ts'
import frr from './frr.ts'
import hp_procurve from './hp_procurve.ts'
import huawei_vrp from './huawei_vrp.ts'
import juniper_junos from './juniper_junos.ts'
import linux from './linux.ts'
import mikrotik_routeros from './mikrotik_routeros.ts'
import paloalto_panos from './paloalto_panos.ts'

const named: Record<string, Driver> = {
  arista_eos,
  cisco_asa,
  cisco_ios,
  cisco_nxos,
  fortinet_fortios,
  frr,
  hp_procurve,
  huawei_vrp,
  juniper_junos,
  linux,
  mikrotik_routeros,
  paloalto_panos,
}

export const drivers = new DriverCatalogue(Object.entries(named).map(([name, driver]) => ({ ...driver, name })))
