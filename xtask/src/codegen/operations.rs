//! A resource's operations, as AWS describes them and as the SDK and our types spell them.

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
    /// The type of its body; none where all it takes is in its address.
    pub(crate) request: Option<&'a TypeName>,
    response: Option<&'a TypeName>,
}

/// What an operation responses, as we give it.
pub(crate) enum Response<'a> {
    Nothing,
    Whole(&'a TypeName),
    /// A structure, alone in this member; whether AWS promises it.
    Held {
        member: String,
        name: &'a TypeName,
        required: bool,
    },
    /// A list, alone in this member; whether AWS promises it.
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
        let home = |side: &'a Option<Reference>| self.plan.home(self.service, &side.as_ref()?.shape);
        Ok(Operation {
            name,
            snake: snake(name),
            input: shape(&described.input),
            output: shape(&described.output),
            request: home(&described.input),
            response: home(&described.output),
        })
    }

    pub(crate) fn shape(&self, part: &Reference) -> &'a Shape {
        &self.description.shapes[&part.shape]
    }

    pub(crate) fn home(&self, part: &Reference) -> Option<&'a TypeName> {
        self.plan.home(self.service, &part.shape)
    }

    pub(crate) fn response(&self, operation: &Operation<'a>) -> Result<Response<'a>> {
        if let Some(name) = operation.response.filter(|_| !self.is_list_alone(operation)) {
            return Ok(Response::Whole(name));
        }
        // What the address says already stands in some responses once more.
        let Some(output) = operation.output else { return Ok(Response::Nothing) };
        for (member, part) in &output.members {
            let (member, required) = (snake(member), output.required.contains(member));
            if let Some(name) = self.home(part) {
                return Ok(Response::Held { member, name, required });
            }
            if let Some(name) = self.shape(part).member.as_ref().and_then(|item| self.home(item)) {
                return Ok(Response::List { member, name, required });
            }
        }
        if output.members.is_empty() {
            return Ok(Response::Nothing);
        }
        Err(format!("{}: nothing is known of its response", operation.name).into())
    }

    /// Whether all that is answered is one list.
    fn is_list_alone(&self, operation: &Operation<'a>) -> bool {
        operation.output.is_some_and(|output| {
            output.members.len() == 1 && output.members.values().all(|part| self.shape(part).member.is_some())
        })
    }

    /// The type of the rows of its list, where it has one.
    pub(crate) fn row(&self) -> Result<Option<TypeName>> {
        let Some(list) = &self.resource.list else { return Ok(None) };
        let operation = self.operation(list)?;
        let (_, _, name) = self.items(&operation)?;
        Ok(Some(name.clone()))
    }

    /// A list's member with the rows, whether AWS promises it, and their type.
    pub(crate) fn items(&self, operation: &Operation<'a>) -> Result<(String, bool, &'a TypeName)> {
        let output = operation.output.ok_or("a list without a response")?;
        output
            .members
            .iter()
            .find_map(|(member, part)| {
                let name = self.home(self.shape(part).member.as_ref()?)?;
                Some((snake(member), output.required.contains(member), name))
            })
            .ok_or_else(|| format!("{}: no list in its response", operation.name).into())
    }
}

impl<'a> Operation<'a> {
    /// What stands in its address: the path's parts, then the query's, required ones first.
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
