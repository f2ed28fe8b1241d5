/** Secrets in the config.xml of pfSense and OPNsense: the text of elements, in CDATA or not. */

export const senseSecrets: readonly RegExp[] = [
  /<(?<tag>[\w-]{0,40}(?:password|passwd|passphrase|secret|hash|bindpw|authpw|apikey|api_key|authtoken|auth_token|token|psk)\d?|prv|tls|crl_prv|shared_key|pre-shared-key|privkey|privatekey|privateKey|private_key|presharedkey|presharedKey|authkey|auth_key|privkey|accountkey|otp_seed|ipsecpsk|enckey|rocommunity|rwcommunity|community|authorizationkey|pin|pass)>(?:<!\[CDATA\[)?(?<secret>[^<\n]{1,60000}?)(?:\]\]>)?<\/\k<tag>>/,
  // API keys of OPNsense
  /<item>\s{0,40}<key>(?<secret>[^<\n]{20,200})<\/key>\s{0,40}<secret>/,
]
