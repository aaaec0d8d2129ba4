//! The GSSAPI mechanism's contexts, as the options ask for them: what `proto` needs, out of what `sys`
//! has. Built without the feature `gssapi` there are none.

use std::sync::Arc;

use crate::errno::Errno;
use crate::option::SecurityOptions;
use crate::proto::mechanism::GssapiConfig;
use crate::proto::mechanism::gssapi::{ContextError, ContextSource, Progress, SecurityContext};

/// Whether the mechanism can be used. The first call loads the system's library.
#[must_use]
pub fn is_available() -> bool {
    #[cfg(feature = "gssapi")]
    return crate::sys::gssapi::is_available();
    #[cfg(not(feature = "gssapi"))]
    return false;
}

/// What the mechanism must know.
pub(super) fn config(options: &SecurityOptions) -> GssapiConfig {
    #[cfg(feature = "gssapi")]
    let contexts: Arc<dyn ContextSource> = Arc::new(system::Source::new(options));
    #[cfg(not(feature = "gssapi"))]
    let contexts: Arc<dyn ContextSource> = Arc::new(Nothing);
    GssapiConfig {
        contexts,
        plaintext: options.gssapi_plaintext,
    }
}

/// Where there is no library. Binding and connecting fail then, so nobody gets as far as this.
#[derive(Clone, Copy, Debug)]
struct Nothing;

const NO_LIBRARY: ContextError = ContextError::Local(Errno::EPROTONOSUPPORT);

impl ContextSource for Nothing {
    fn context(&self) -> Box<dyn SecurityContext> {
        Box::new(Self)
    }
}

impl SecurityContext for Nothing {
    fn establish(&mut self, _token: &[u8]) -> Result<Progress, ContextError> {
        Err(NO_LIBRARY)
    }

    fn peer(&mut self) -> Result<Vec<u8>, ContextError> {
        Err(NO_LIBRARY)
    }

    fn seal(&mut self, _plain: &[u8], _take: &mut dyn FnMut(&[u8])) -> Result<(), ContextError> {
        Err(NO_LIBRARY)
    }

    fn open(&mut self, _token: &mut [u8]) -> Result<usize, ContextError> {
        Err(NO_LIBRARY)
    }
}

#[cfg(feature = "gssapi")]
mod system {
    //! The system's contexts.

    use super::{ContextError, ContextSource, Errno, Nothing, Progress, SecurityContext};
    use crate::option::SecurityOptions;
    use crate::sys::gssapi::{Acceptor, Failure, Initiator, NameKind, Principal, Step};

    /// The names in the options, for contexts of one role.
    #[derive(Debug)]
    pub(super) struct Source {
        accepts: bool,
        principal: Option<Principal>,
        service: Principal,
        confidential: bool,
    }

    impl Source {
        pub(super) fn new(options: &SecurityOptions) -> Self {
            let principal = principal(&options.gssapi_principal, options.gssapi_principal_nametype);
            let service = principal_of_service(options);
            Self {
                accepts: options.as_server,
                principal: Some(principal).filter(|principal| !principal.text.is_empty()),
                service,
                confidential: !options.gssapi_plaintext,
            }
        }
    }

    fn principal_of_service(options: &SecurityOptions) -> Principal {
        principal(
            &options.gssapi_service_principal,
            options.gssapi_service_principal_nametype,
        )
    }

    /// A name and its type as the options have them; programs tend to set it with its NUL.
    fn principal(name: &[u8], nametype: i32) -> Principal {
        let end = name.iter().position(|&byte| byte == 0);
        Principal {
            text: name[..end.unwrap_or(name.len())].to_vec(),
            kind: match nametype {
                1 => NameKind::User,
                2 => NameKind::Krb5Principal,
                _ => NameKind::HostBased,
            },
        }
    }

    impl ContextSource for Source {
        fn context(&self) -> Box<dyn SecurityContext> {
            let context: Option<Box<dyn SecurityContext>> = if self.accepts {
                Acceptor::new(self.principal.clone(), self.confidential)
                    .map(|context| Box::new(Accepting(context)) as _)
            } else {
                let (principal, service) = (self.principal.clone(), self.service.clone());
                Initiator::new(principal, service, self.confidential)
                    .map(|context| Box::new(Initiating(context)) as _)
            };
            context.unwrap_or_else(|| Box::new(Nothing))
        }
    }

    fn progress(step: Step) -> Progress {
        Progress {
            token: step.token,
            complete: step.complete,
        }
    }

    const fn refused(_: Failure) -> ContextError {
        ContextError::Refused
    }

    /// What is wrong on our side before the peer has had a word in it.
    const fn local(failure: Failure) -> ContextError {
        if failure.is_bad_name() {
            ContextError::Local(Errno::EINVAL)
        } else {
            ContextError::Local(Errno::EACCES)
        }
    }

    #[derive(Debug)]
    struct Initiating(Initiator);

    impl SecurityContext for Initiating {
        fn establish(&mut self, token: &[u8]) -> Result<Progress, ContextError> {
            let step = self.0.step(token);
            let blame = if token.is_empty() { local } else { refused };
            step.map(progress).map_err(blame)
        }

        fn peer(&mut self) -> Result<Vec<u8>, ContextError> {
            self.0.peer().map_err(refused)
        }

        fn seal(&mut self, plain: &[u8], take: &mut dyn FnMut(&[u8])) -> Result<(), ContextError> {
            self.0.seal(plain, take).map_err(refused)
        }

        fn open(&mut self, token: &mut [u8]) -> Result<usize, ContextError> {
            self.0.open(token).map_err(refused)
        }
    }

    #[derive(Debug)]
    struct Accepting(Acceptor);

    impl SecurityContext for Accepting {
        fn establish(&mut self, token: &[u8]) -> Result<Progress, ContextError> {
            self.0.step(token).map(progress).map_err(|failure| {
                if failure.is_lack_of_credentials() {
                    ContextError::Local(Errno::EACCES)
                } else {
                    ContextError::Refused
                }
            })
        }

        fn peer(&mut self) -> Result<Vec<u8>, ContextError> {
            self.0.peer().map_err(refused)
        }

        fn seal(&mut self, plain: &[u8], take: &mut dyn FnMut(&[u8])) -> Result<(), ContextError> {
            self.0.seal(plain, take).map_err(refused)
        }

        fn open(&mut self, token: &mut [u8]) -> Result<usize, ContextError> {
            self.0.open(token).map_err(refused)
        }
    }
}
