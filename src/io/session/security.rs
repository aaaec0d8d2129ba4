//! What a socket's options mean for the security of one of its connections, and what is known of
//! the peer afterwards.

use zeroize::Zeroizing;

use crate::crypto::SecretKey;
use crate::io::gssapi;
use crate::option::{Mechanism, SecurityOptions};
use crate::proto::mechanism::{CurveClientConfig, CurveServerConfig, PlainCredentials};
use crate::proto::{MechanismConfig, PeerInfo, ZapConfig};
use crate::transport::Stream;

/// The mechanism that the options ask for.
pub(super) fn mechanism(options: &SecurityOptions) -> MechanismConfig {
    match (options.mechanism, options.as_server) {
        (Mechanism::Null, _) => MechanismConfig::Null,
        (Mechanism::Gssapi, true) => MechanismConfig::GssapiServer(gssapi::config(options)),
        (Mechanism::Gssapi, false) => MechanismConfig::GssapiClient(gssapi::config(options)),
        (Mechanism::Plain, true) => MechanismConfig::PlainServer,
        (Mechanism::Plain, false) => MechanismConfig::PlainClient(PlainCredentials {
            username: Zeroizing::new(options.plain_username.clone()),
            password: options.plain_password.clone(),
        }),
        (Mechanism::Curve, true) => MechanismConfig::CurveServer(CurveServerConfig {
            secret_key: SecretKey::from_bytes(&options.curve_secret_key),
            public_key: options.curve_own_key,
        }),
        (Mechanism::Curve, false) => MechanismConfig::CurveClient(CurveClientConfig {
            public_key: options.curve_public_key,
            secret_key: SecretKey::from_bytes(&options.curve_secret_key),
            server_key: options.curve_server_key,
        }),
    }
}

/// What a ZAP handler is told.
pub(super) fn zap(options: &SecurityOptions, stream: &Stream) -> ZapConfig {
    ZapConfig {
        domain: options.zap_domain.clone(),
        enforce_domain: options.zap_enforce_domain,
        peer_address: stream.peer_address().into(),
    }
}

/// The properties of messages from a peer (`zmq_msg_gets(3)`). A name that comes twice has its first
/// value: what we or the ZAP handler know cannot be forged by what the peer says of itself.
pub(super) fn properties(peer: &PeerInfo, stream: &Stream) -> Vec<(String, Vec<u8>)> {
    let known = |name: &str, value: &[u8]| (name.to_owned(), value.to_vec());
    let address: String = stream.peer_address().into();
    let mut properties = vec![known("Peer-Address", address.as_bytes())];
    let told = |name: &str| {
        peer.properties
            .iter()
            .any(|(told, _)| told.eq_ignore_ascii_case(name))
    };
    if told("Identity") {
        properties.push(known("Routing-Id", &peer.routing_id));
    }
    properties.extend(peer.user_id.as_ref().map(|user| known("User-Id", user)));
    properties.extend(peer.zap_properties.iter().cloned());
    // The routing id is known by the name of the option, and nobody tells us a user but the handler.
    let is_ours =
        |name: &str| name.eq_ignore_ascii_case("Identity") || name.eq_ignore_ascii_case("User-Id");
    properties.extend(
        peer.properties
            .iter()
            .filter(|(name, _)| !is_ours(name))
            .cloned(),
    );
    properties
}
