/** Every driver, one sorted line each. The name is the file's. */
import { type Driver, DriverCatalogue } from '../driver.ts'
import a10_acos from './a10_acos.ts'
import adtran_aos from './adtran_aos.ts'
import adva_fsp from './adva_fsp.ts'
import aerohive_hiveos from './aerohive_hiveos.ts'
import alcatel_aos6 from './alcatel_aos6.ts'
import alcatel_aos8 from './alcatel_aos8.ts'
import allied_awplus from './allied_awplus.ts'
import apc_aos from './apc_aos.ts'
import arista_eos from './arista_eos.ts'
import arris_e6000 from './arris_e6000.ts'
import aruba_aoscx from './aruba_aoscx.ts'
import aruba_instant from './aruba_instant.ts'
import aruba_os from './aruba_os.ts'
import audiocodes_mediant from './audiocodes_mediant.ts'
import avaya_ers from './avaya_ers.ts'
import avocent_acs from './avocent_acs.ts'
import barracuda_cgf from './barracuda_cgf.ts'
import bdcom_os from './bdcom_os.ts'
import bird from './bird.ts'
import bluecoat_sgos from './bluecoat_sgos.ts'
import brocade_fos from './brocade_fos.ts'
import brocade_netiron from './brocade_netiron.ts'
import calix_axos from './calix_axos.ts'
import calix_b6 from './calix_b6.ts'
import cambium_cnmatrix from './cambium_cnmatrix.ts'
import cambium_epmp from './cambium_epmp.ts'
import casa_ccap from './casa_ccap.ts'
import checkpoint_gaia from './checkpoint_gaia.ts'
import ciena_saos6 from './ciena_saos6.ts'
import ciena_saos8 from './ciena_saos8.ts'
import ciena_saos10 from './ciena_saos10.ts'
import cisco_aireos from './cisco_aireos.ts'
import cisco_asa from './cisco_asa.ts'
import cisco_catos from './cisco_catos.ts'
import cisco_ftd from './cisco_ftd.ts'
import cisco_ios from './cisco_ios.ts'
import cisco_iosxr from './cisco_iosxr.ts'
import cisco_nxos from './cisco_nxos.ts'
import cisco_smb from './cisco_smb.ts'
import cisco_staros from './cisco_staros.ts'
import cisco_ucs from './cisco_ucs.ts'
import cisco_viptela from './cisco_viptela.ts'
import cisco_vmanage from './cisco_vmanage.ts'
import citrix_netscaler from './citrix_netscaler.ts'
import dcn_os from './dcn_os.ts'
import dell_idrac from './dell_idrac.ts'
import dell_os6 from './dell_os6.ts'
import dell_os9 from './dell_os9.ts'
import dell_os10 from './dell_os10.ts'
import dell_powerconnect from './dell_powerconnect.ts'
import digi_dal from './digi_dal.ts'
import digi_transport from './digi_transport.ts'
import dlink_dgs from './dlink_dgs.ts'
import edgecore_ecs from './edgecore_ecs.ts'
import eltex_esr from './eltex_esr.ts'
import eltex_mes from './eltex_mes.ts'
import ericsson_ipos from './ericsson_ipos.ts'
import extreme_eos from './extreme_eos.ts'
import extreme_exos from './extreme_exos.ts'
import extreme_slx from './extreme_slx.ts'
import extreme_voss from './extreme_voss.ts'
import extreme_wing from './extreme_wing.ts'
import f5_tmos from './f5_tmos.ts'
import fiberhome_an from './fiberhome_an.ts'
import fortinet_fortiadc from './fortinet_fortiadc.ts'
import fortinet_fortios from './fortinet_fortios.ts'
import fortinet_fortiswitch from './fortinet_fortiswitch.ts'
import fortinet_fortiweb from './fortinet_fortiweb.ts'
import frr from './frr.ts'
import fs_fsos from './fs_fsos.ts'
import h3c_comware from './h3c_comware.ts'
import hirschmann_hios from './hirschmann_hios.ts'
import hp_procurve from './hp_procurve.ts'
import hpe_comware from './hpe_comware.ts'
import hpe_ilo from './hpe_ilo.ts'
import huawei_smartax from './huawei_smartax.ts'
import huawei_vrp from './huawei_vrp.ts'
import ietf_netconf from './ietf_netconf.ts'
import infinera_gx from './infinera_gx.ts'
import infoblox_nios from './infoblox_nios.ts'
import ipinfusion_ocnos from './ipinfusion_ocnos.ts'
import juniper_junos from './juniper_junos.ts'
import juniper_screenos from './juniper_screenos.ts'
import lenovo_cnos from './lenovo_cnos.ts'
import lenovo_enos from './lenovo_enos.ts'
import linux from './linux.ts'
import mikrotik_routeros from './mikrotik_routeros.ts'
import mikrotik_swos from './mikrotik_swos.ts'
import mitel_sipdect from './mitel_sipdect.ts'
import moxa_eds from './moxa_eds.ts'
import netgate_pfsense from './netgate_pfsense.ts'
import netgate_tnsr from './netgate_tnsr.ts'
import netgear_managed from './netgear_managed.ts'
import nokia_isam from './nokia_isam.ts'
import nokia_srlinux from './nokia_srlinux.ts'
import nokia_sros from './nokia_sros.ts'
import nokia_srosmd from './nokia_srosmd.ts'
import nvidia_nclu from './nvidia_nclu.ts'
import nvidia_nvue from './nvidia_nvue.ts'
import nvidia_onyx from './nvidia_onyx.ts'
import oneaccess_oneos from './oneaccess_oneos.ts'
import openbgpd from './openbgpd.ts'
import openbsd from './openbsd.ts'
import opengear_cm from './opengear_cm.ts'
import openvswitch from './openvswitch.ts'
import openwrt from './openwrt.ts'
import opnsense from './opnsense.ts'
import paloalto_panos from './paloalto_panos.ts'
import patton_smartware from './patton_smartware.ts'
import perle_iolan from './perle_iolan.ts'
import pica_picos from './pica_picos.ts'
import planet_sgs from './planet_sgs.ts'
import quanta_qnos from './quanta_qnos.ts'
import rad_etx from './rad_etx.ts'
import radware_alteon from './radware_alteon.ts'
import raisecom_ros from './raisecom_ros.ts'
import raritan_px from './raritan_px.ts'
import riverbed_rios from './riverbed_rios.ts'
import ruckus_fastiron from './ruckus_fastiron.ts'
import ruckus_smartzone from './ruckus_smartzone.ts'
import ruckus_unleashed from './ruckus_unleashed.ts'
import ruckus_zonedirector from './ruckus_zonedirector.ts'
import ruggedcom_ros from './ruggedcom_ros.ts'
import ruggedcom_rox from './ruggedcom_rox.ts'
import ruijie_rgos from './ruijie_rgos.ts'
import siemens_scalance from './siemens_scalance.ts'
import siklu_etherhaul from './siklu_etherhaul.ts'
import silverpeak_ecos from './silverpeak_ecos.ts'
import snr_nag from './snr_nag.ts'
import sonic from './sonic.ts'
import sonicwall_sonicos from './sonicwall_sonicos.ts'
import sophos_sfos from './sophos_sfos.ts'
import stormshield_sns from './stormshield_sns.ts'
import supermicro_smis from './supermicro_smis.ts'
import telco_binos from './telco_binos.ts'
import teldat_cit from './teldat_cit.ts'
import teltonika_rutos from './teltonika_rutos.ts'
import tplink_jetstream from './tplink_jetstream.ts'
import ubiquiti_airos from './ubiquiti_airos.ts'
import ubiquiti_edgeos from './ubiquiti_edgeos.ts'
import ubiquiti_edgeswitch from './ubiquiti_edgeswitch.ts'
import ubiquiti_unifi from './ubiquiti_unifi.ts'
import ubiquiti_unifios from './ubiquiti_unifios.ts'
import vsol_olt from './vsol_olt.ts'
import vyatta_os from './vyatta_os.ts'
import vyos from './vyos.ts'
import watchguard_fireware from './watchguard_fireware.ts'
import westermo_weos from './westermo_weos.ts'
import zpe_nodegrid from './zpe_nodegrid.ts'
import zte_c300 from './zte_c300.ts'
import zte_zxr10 from './zte_zxr10.ts'
import zyxel_zld from './zyxel_zld.ts'
import zyxel_zynos from './zyxel_zynos.ts'

const named: Record<string, Driver> = {
  a10_acos,
  adtran_aos,
  adva_fsp,
  aerohive_hiveos,
  alcatel_aos6,
  alcatel_aos8,
  allied_awplus,
  apc_aos,
  arista_eos,
  arris_e6000,
  aruba_aoscx,
  aruba_instant,
  aruba_os,
  audiocodes_mediant,
  avaya_ers,
  avocent_acs,
  barracuda_cgf,
  bdcom_os,
  bird,
  bluecoat_sgos,
  brocade_fos,
  brocade_netiron,
  calix_axos,
  calix_b6,
  cambium_cnmatrix,
  cambium_epmp,
  casa_ccap,
  checkpoint_gaia,
  ciena_saos6,
  ciena_saos8,
  ciena_saos10,
  cisco_aireos,
  cisco_asa,
  cisco_catos,
  cisco_ftd,
  cisco_ios,
  cisco_iosxr,
  cisco_nxos,
  cisco_smb,
  cisco_staros,
  cisco_ucs,
  cisco_viptela,
  cisco_vmanage,
  citrix_netscaler,
  dcn_os,
  dell_idrac,
  dell_os6,
  dell_os9,
  dell_os10,
  dell_powerconnect,
  digi_dal,
  digi_transport,
  dlink_dgs,
  edgecore_ecs,
  eltex_esr,
  eltex_mes,
  ericsson_ipos,
  extreme_eos,
  extreme_exos,
  extreme_slx,
  extreme_voss,
  extreme_wing,
  f5_tmos,
  fiberhome_an,
  fortinet_fortiadc,
  fortinet_fortios,
  fortinet_fortiswitch,
  fortinet_fortiweb,
  frr,
  fs_fsos,
  h3c_comware,
  hirschmann_hios,
  hp_procurve,
  hpe_comware,
  hpe_ilo,
  huawei_smartax,
  huawei_vrp,
  ietf_netconf,
  infinera_gx,
  infoblox_nios,
  ipinfusion_ocnos,
  juniper_junos,
  juniper_screenos,
  lenovo_cnos,
  lenovo_enos,
  linux,
  mikrotik_routeros,
  mikrotik_swos,
  mitel_sipdect,
  moxa_eds,
  netgate_pfsense,
  netgate_tnsr,
  netgear_managed,
  nokia_isam,
  nokia_srlinux,
  nokia_sros,
  nokia_srosmd,
  nvidia_nclu,
  nvidia_nvue,
  nvidia_onyx,
  oneaccess_oneos,
  openbgpd,
  openbsd,
  opengear_cm,
  openvswitch,
  openwrt,
  opnsense,
  paloalto_panos,
  patton_smartware,
  perle_iolan,
  pica_picos,
  planet_sgs,
  quanta_qnos,
  rad_etx,
  radware_alteon,
  raisecom_ros,
  raritan_px,
  riverbed_rios,
  ruckus_fastiron,
  ruckus_smartzone,
  ruckus_unleashed,
  ruckus_zonedirector,
  ruggedcom_ros,
  ruggedcom_rox,
  ruijie_rgos,
  siemens_scalance,
  siklu_etherhaul,
  silverpeak_ecos,
  snr_nag,
  sonic,
  sonicwall_sonicos,
  sophos_sfos,
  stormshield_sns,
  supermicro_smis,
  telco_binos,
  teldat_cit,
  teltonika_rutos,
  tplink_jetstream,
  ubiquiti_airos,
  ubiquiti_edgeos,
  ubiquiti_edgeswitch,
  ubiquiti_unifi,
  ubiquiti_unifios,
  vsol_olt,
  vyatta_os,
  vyos,
  watchguard_fireware,
  westermo_weos,
  zpe_nodegrid,
  zte_c300,
  zte_zxr10,
  zyxel_zld,
  zyxel_zynos,
}

export const drivers = new DriverCatalogue(Object.entries(named).map(([name, driver]) => ({ ...driver, name })))
