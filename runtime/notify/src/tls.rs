//! Whom encrypted connections trust.

use std::sync::Arc;

use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::Invalid;

/// The system's root certificates, and those that were given: the same for HTTP and SMTP.
#[derive(Clone)]
pub(crate) struct Trust {
    pub(crate) roots: Arc<[CertificateDer<'static>]>,
    pub(crate) config: Arc<ClientConfig>,
}

impl Trust {
    /// Reads the system's root certificates, and `roots_pem`.
    pub(crate) fn new(roots_pem: &[u8]) -> Result<Self, Invalid> {
        let invalid = |error: &dyn std::fmt::Display| Invalid::new("roots_pem", format!("can't be used: {error}"));
        let mut store = RootCertStore::empty();
        // A machine without certificates can still call those that are given, or without TLS; one that can't be read
        // is no reason to trust none.
        let mut roots = rustls_native_certs::load_native_certs().certs;
        roots.retain(|root| store.add(root.clone()).is_ok());
        for root in CertificateDer::pem_slice_iter(roots_pem) {
            let root = root.map_err(|error| invalid(&error))?;
            store.add(root.clone()).map_err(|error| invalid(&error))?;
            roots.push(root);
        }
        let versions = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| invalid(&error))?;
        let config = Arc::new(versions.with_root_certificates(store).with_no_client_auth());
        Ok(Self { roots: roots.into(), config })
    }
}
