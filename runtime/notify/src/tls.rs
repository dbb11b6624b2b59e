//! Whom encrypted connections trust.

use std::sync::Arc;

use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::Invalid;

/// One configuration for HTTP and SMTP: the system's root certificates, and those in `roots_pem`.
pub(crate) fn config(roots_pem: &[u8]) -> Result<ClientConfig, Invalid> {
    let invalid = |error: &dyn std::fmt::Display| Invalid::new("roots_pem", format!("can't be used: {error}"));
    let mut roots = RootCertStore::empty();
    // A machine without certificates can still call those that are given, or without TLS.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for certificate in CertificateDer::pem_slice_iter(roots_pem) {
        roots.add(certificate.map_err(|error| invalid(&error))?).map_err(|error| invalid(&error))?;
    }
    let versions = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid(&error))?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}
