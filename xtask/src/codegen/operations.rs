//! A resource's operations: AWS's description, with the SDK's and our names.

use super::description::{Description, Operation as Described, Reference, Service, Shape};
use super::names::snake;
use super::plan::{Plan, TypeName};
use super::table::Resource;
use crate::result::Result;

/// The operations of one resource.
pub(crate) struct Operations<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) description: &'a Description,
    pub(crate) service: Service,
    resource: &'a Resource,
}

/// One operation.
pub(crate) struct Operation<'a> {
    pub(crate) name: &'a str,
    /// The SDK's method and module.
    pub(crate) snake: String,
    pub(crate) input: Option<&'a Shape>,
    output: Option<&'a Shape>,
    /// The type of its body; `None` if all of its input is in the URI and the query.
    pub(crate) request: Option<&'a TypeName>,
    response: Option<&'a TypeName>,
}

/// An operation's response, as our methods return it.
pub(crate) enum Response<'a> {
    Nothing,
    Whole(&'a TypeName),
    /// A structure that is in this member, and whether the member is required.
    Held {
        member: String,
        name: &'a TypeName,
        required: bool,
    },
    /// A list that is in this member, and whether the member is required.
    List {
        member: String,
        name: &'a TypeName,
        required: bool,
    },
}

impl<'a> Operations<'a> {
    pub(crate) fn of(
        plan: &'a Plan,
        services: &'a [(Service, Description)],
        resource: &'a Resource,
    ) -> Result<Self> {
        let module = plan
            .modules
            .iter()
            .find(|module| module.name == resource.module)
            .ok_or_else(|| format!("{}: no module {}", resource.name, resource.module))?;
        let (service, description) = services
            .iter()
            .find(|(service, _)| service.name() == module.service)
            .ok_or_else(|| format!("{}: no service {}", module.name, module.service))?;
        Ok(Self { plan, description, service: *service, resource })
    }

    pub(crate) fn operation(&self, name: &'a str) -> Result<Operation<'a>> {
        let described: &Described = self
            .description
            .operations
            .get(name)
            .ok_or_else(|| format!("{}: AWS has no operation {name}", self.resource.name))?;
        let shape =
            |side: &'a Option<Reference>| side.as_ref().map(|side| &self.description.shapes[&side.shape]);
        let type_of = |side: &'a Option<Reference>| self.plan.type_of(self.service, &side.as_ref()?.shape);
        Ok(Operation {
            name,
            snake: snake(name),
            input: shape(&described.input),
            output: shape(&described.output),
            request: type_of(&described.input),
            response: type_of(&described.output),
        })
    }

    pub(crate) fn shape(&self, part: &Reference) -> &'a Shape {
        &self.description.shapes[&part.shape]
    }

    pub(crate) fn type_of(&self, part: &Reference) -> Option<&'a TypeName> {
        self.plan.type_of(self.service, &part.shape)
    }

    pub(crate) fn response(&self, operation: &Operation<'a>) -> Result<Response<'a>> {
        if let Some(name) = operation.response.filter(|_| !self.is_list_alone(operation)) {
            return Ok(Response::Whole(name));
        }
        // Some responses repeat members of the URI.
        let Some(output) = operation.output else { return Ok(Response::Nothing) };
        for (member, part) in &output.members {
            let (member, required) = (snake(member), output.required.contains(member));
            if let Some(name) = self.type_of(part) {
                return Ok(Response::Held { member, name, required });
            }
            if let Some(name) = self.shape(part).member.as_ref().and_then(|item| self.type_of(item)) {
                return Ok(Response::List { member, name, required });
            }
        }
        if output.members.is_empty() {
            return Ok(Response::Nothing);
        }
        Err(format!("{}: its response has no known form", operation.name).into())
    }

    /// Whether the response is only a list.
    fn is_list_alone(&self, operation: &Operation<'a>) -> bool {
        operation.output.is_some_and(|output| {
            output.members.len() == 1 && output.members.values().all(|part| self.shape(part).member.is_some())
        })
    }

    /// The type of the rows of its list, if it has one.
    pub(crate) fn row(&self) -> Result<Option<TypeName>> {
        let Some(list) = &self.resource.list else { return Ok(None) };
        let operation = self.operation(list)?;
        let (_, _, name) = self.items(&operation)?;
        Ok(Some(name.clone()))
    }

    /// The member with a list's rows, whether it is required, and the rows' type.
    pub(crate) fn items(&self, operation: &Operation<'a>) -> Result<(String, bool, &'a TypeName)> {
        let output = operation.output.ok_or("a list has no response")?;
        output
            .members
            .iter()
            .find_map(|(member, part)| {
                let name = self.type_of(self.shape(part).member.as_ref()?)?;
                Some((snake(member), output.required.contains(member), name))
            })
            .ok_or_else(|| format!("{}: no list in its response", operation.name).into())
    }
}

impl<'a> Operation<'a> {
    /// The members in its URI, then those in its query; required ones first.
    pub(crate) fn address(&self) -> Vec<(&'a str, &'a Reference, bool)> {
        let Some(input) = self.input else { return Vec::new() };
        let mut address: Vec<(&str, &Reference, bool)> = input
            .members
            .iter()
            .filter(|(_, part)| matches!(part.location.as_deref(), Some("uri" | "querystring")))
            .map(|(name, part)| (name.as_str(), part, input.required.contains(name)))
            .collect();
        address.sort_by_key(|(_, part, required)| (!required, part.location.as_deref() != Some("uri")));
        address
    }
}
