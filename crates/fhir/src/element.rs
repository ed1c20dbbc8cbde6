//! How a FHIR type is declared: a struct whose empty elements are left out of the JSON and whose
//! `Debug` names the filled elements without their content.

use std::borrow::Cow;

/// Whether an element is absent: FHIR has no empty elements, an empty one is left out.
pub trait Absent {
    /// True when the element has no content.
    fn is_absent(&self) -> bool;
}

impl<T> Absent for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T> Absent for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Absent for Cow<'_, str> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Absent for &str {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

/// Declares FHIR types. Every field becomes public, is left out of the JSON when absent, and is
/// documented by its FHIR name; `resource` types carry `resourceType` first.
macro_rules! fhir_type {
    (@body [$($outer:tt)*] [$($tag:tt)*] $name:ident { $( $(#[$fmeta:meta])* $field:ident : $ty:ty, )* }) => {
        $($outer)*
        #[derive(Clone, Default, PartialEq, serde::Serialize)]
        #[serde(rename_all = "camelCase")]
        $($tag)*
        pub struct $name<'a> {
            $(
                $(#[$fmeta])*
                #[doc = concat!("FHIR R4 `", stringify!($name), ".", stringify!($field), "`.")]
                #[serde(skip_serializing_if = "crate::Absent::is_absent")]
                pub $field: $ty,
            )*
        }

        impl std::fmt::Debug for $name<'_> {
            /// The shape only: which elements are filled.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))?;
                let mut before = " { ";
                $(
                    if !crate::Absent::is_absent(&self.$field) {
                        f.write_str(before)?;
                        f.write_str(stringify!($field))?;
                        before = ", ";
                    }
                )*
                f.write_str(if before == " { " { " {}" } else { " }" })
            }
        }
    };
    (@tagged [$($outer:tt)*] $name:ident { $( $(#[$fmeta:meta])* $field:ident : $ty:ty, )* }) => {
        fhir_type!(@body [$($outer)*] [#[serde(tag = "resourceType")]] $name {
            id: Option<uuid::Uuid>,
            meta: Option<Box<crate::Meta<'a>>>,
            extension: Vec<crate::Extension<'a>>,
            $( $(#[$fmeta])* $field : $ty, )*
        });
    };
    ( $( $(#[$meta:meta])* datatype $name:ident $body:tt )+ ) => {
        $( fhir_type!(@body [$(#[$meta])*] [] $name $body); )+
    };
    ( $( $(#[$meta:meta])* resource $name:ident $body:tt )+ ) => {
        $( fhir_type!(@tagged [$(#[$meta])*] $name $body); )+
    };
}

/// Declares a choice element (`value[x]`): an enum serialised under the name of its type.
macro_rules! fhir_choice {
    ( $( $(#[$meta:meta])* choice $name:ident { $( $(#[$vmeta:meta])* $variant:ident ( $ty:ty ) = $key:literal, )* } )* ) => { $(
        $(#[$meta])*
        #[derive(Clone, PartialEq, serde::Serialize)]
        pub enum $name<'a> {
            $(
                $(#[$vmeta])*
                #[doc = concat!("`", $key, "`")]
                #[serde(rename = $key)]
                $variant($ty),
            )*
        }

        impl std::fmt::Debug for $name<'_> {
            /// The shape only: which type was chosen.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $( Self::$variant(_) => $key, )* })
            }
        }
    )* };
}
