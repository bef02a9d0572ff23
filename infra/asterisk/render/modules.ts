import type { Site } from '../site.ts'

/**
 * The only modules that Asterisk loads. Loading all takes seconds, opens ports that are not used and warns about missing
 * configuration.
 */
export const MODULES: readonly string[] = [
  // storage of configuration and state
  'res_sorcery_config',
  'res_sorcery_memory',
  'res_sorcery_astdb',
  'res_timing_timerfd',
  'res_crypto',
  // Without it `security.log` stays empty.
  'res_security_log',
  // SIP
  'res_pjproject',
  'res_pjsip',
  'res_pjsip_session',
  'res_pjsip_registrar',
  'res_pjsip_authenticator_digest',
  'res_pjsip_outbound_authenticator_digest',
  'res_pjsip_endpoint_identifier_user',
  'res_pjsip_endpoint_identifier_ip',
  'res_pjsip_outbound_registration',
  'res_pjsip_nat',
  'res_pjsip_sdp_rtp',
  'res_pjsip_caller_id',
  'res_pjsip_dlg_options',
  'res_pjsip_dtmf_info',
  'res_pjsip_rfc3326',
  'res_pjsip_refer',
  'res_pjsip_pubsub',
  'res_pjsip_mwi_body_generator',
  'res_pjsip_mwi',
  'res_rtp_asterisk',
  'chan_pjsip',
  // audio
  'bridge_builtin_features',
  'bridge_builtin_interval_features',
  'bridge_holding',
  'bridge_native_rtp',
  'bridge_simple',
  'bridge_softmix',
  'codec_a_mu',
  'codec_alaw',
  'codec_g722',
  'codec_gsm',
  'codec_resample',
  'codec_ulaw',
  'format_gsm',
  'format_pcm',
  'format_sln',
  'format_wav',
  'format_wav_gsm',
  // dial plan
  'pbx_config',
  'app_cdr',
  'app_db',
  'app_dial',
  'app_echo',
  'app_exec',
  'app_milliwatt',
  'app_playback',
  'app_read',
  'app_senddtmf',
  'app_stack',
  'app_stasis',
  'app_transfer',
  'app_userevent',
  'app_verbose',
  'app_voicemail',
  'func_callerid',
  'func_cdr',
  'func_channel',
  'func_curl',
  'func_cut',
  'func_db',
  'func_devstate',
  'func_dialplan',
  'func_env',
  'func_global',
  'func_hangupcause',
  'func_logic',
  'func_lock',
  'func_math',
  'func_pjsip_aor',
  'func_pjsip_endpoint',
  'func_rand',
  'func_strings',
  'func_timeout',
  'func_uri',
  'res_curl',
  // call records
  'res_cdrel_custom',
  'cdr_csv',
  'cdr_custom',
  'cdr_manager',
  // ARI
  'res_http_websocket',
  'res_websocket_client',
  'res_stasis',
  'res_stasis_answer',
  'res_stasis_device_state',
  'res_stasis_playback',
  'res_stasis_recording',
  'res_stasis_snoop',
  'res_ari_model',
  'res_ari',
  'res_ari_applications',
  'res_ari_asterisk',
  'res_ari_bridges',
  'res_ari_channels',
  'res_ari_device_states',
  'res_ari_endpoints',
  'res_ari_events',
  'res_ari_playbacks',
  'res_ari_recordings',
  'res_ari_sounds',
]

/** Modules that are not loaded; their libraries are installed, so that a test can `module load` them. */
export const SPARE_MODULES: readonly string[] = [
  'app_directed_pickup',
  'app_mixmonitor',
  'app_queue',
  'app_record',
  'res_musiconhold',
  'res_parking',
  'res_srtp',
]

/** Modules that only some Asterisks have. */
const SINCE: Readonly<Record<string, number>> = { res_cdrel_custom: 22, res_websocket_client: 22 }

/** Returns the modules that a site needs on a major version of Asterisk. */
export function modulesOf(site: Site, version: number): string[] {
  const { queues, webrtc, tls } = site
  const wanted = [
    ...MODULES,
    ...(queues.length > 0 ? ['app_queue'] : []),
    ...(webrtc ? ['res_pjsip_transport_websocket'] : []),
    ...(webrtc || tls ? ['res_srtp'] : []),
  ]
  return wanted.filter((name) => (SINCE[name] ?? 0) <= version)
}

/** Renders modules.conf. */
export function renderModules(modules: readonly string[] = MODULES): string {
  return ['[modules]', 'autoload = no', ...modules.map((name) => `load = ${name}.so`), ''].join('\n')
}
