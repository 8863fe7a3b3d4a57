// SPDX-License-Identifier: Apache-2.0
// The functions of `bc -l`, written in bc: sine, cosine, arc tangent, logarithm, exponential and Bessel's.

/// The library of bc.
enum BcLibrary {
    /// Its source. Each function works with more digits than are asked for, and cuts them off at its end.
    static let source = """
        scale=20
        define e(x){
        auto b,s,n,r,t,i,f
        b=ibase;ibase=A;s=scale
        if(x<0){n=1;x=-x}
        scale=0;i=x/1;scale=s+12+i/2
        while(x>1){x=x/2;f=f+1}
        r=1;t=1;i=1
        while(t!=0){t=t*x/i;r=r+t;i=i+1}
        while(f>0){r=r*r;f=f-1}
        if(n){r=1/r}
        scale=s;ibase=b
        return(r/1)}
        define l(x){
        auto b,s,r,t,y,z,i,f
        b=ibase;ibase=A;s=scale
        if(x<=0){r=(1-10^scale)/1;ibase=b;return(r)}
        scale=s+12;f=2
        while(x>=2){x=sqrt(x);f=f*2}
        while(x<=.5){x=sqrt(x);f=f*2}
        y=(x-1)/(x+1);z=y*y;r=y;t=y;i=1
        while(t!=0){t=t*z;i=i+2;r=r+t/i}
        r=r*f
        scale=s;ibase=b
        return(r/1)}
        define a(x){
        auto b,s,n,r,t,z,i,f,c
        b=ibase;ibase=A;s=scale
        if(x<0){n=1;x=-x}
        scale=s+12;c=0
        if(x>.2){c=a(.2)}
        scale=s+12
        while(x>.2){f=f+1;x=(x-.2)/(1+x*.2)}
        z=-x*x;r=x;t=x;i=1
        while(t!=0){t=t*z;i=i+2;r=r+t/i}
        r=r+f*c
        scale=s;ibase=b
        if(n){r=-r}
        return(r/1)}
        define s(x){
        auto b,s,n,r,t,z,i,p
        b=ibase;ibase=A;s=scale
        scale=0;i=length(x/1);scale=s+12+i
        if(x<0){n=1;x=-x}
        if(x>1){p=8*a(1);scale=0;i=x/p;scale=s+12+length(i);x=x-i*p}
        z=-x*x;r=x;t=x;i=1
        while(t!=0){t=t*z/((i+1)*(i+2));i=i+2;r=r+t}
        scale=s;ibase=b
        if(n){r=-r}
        return(r/1)}
        define c(x){
        auto b,s,r,t,z,i,p
        b=ibase;ibase=A;s=scale
        scale=0;i=length(x/1);scale=s+12+i
        if(x<0){x=-x}
        if(x>1){p=8*a(1);scale=0;i=x/p;scale=s+12+length(i);x=x-i*p}
        z=-x*x;r=1;t=1;i=0
        while(t!=0){t=t*z/((i+1)*(i+2));i=i+2;r=r+t}
        scale=s;ibase=b
        return(r/1)}
        define j(n,x){
        auto b,s,r,t,z,i,m
        b=ibase;ibase=A;s=scale
        scale=0;n=n/1
        if(n<0){n=-n;m=n%2}
        i=length(x/1);scale=s+12+2*i
        t=1;for(i=1;i<=n;i++){t=t*x/(2*i)}
        z=-x*x/4;r=t;i=1
        while(t!=0){t=t*z/(i*(n+i));r=r+t;i=i+1}
        scale=s;ibase=b
        if(m){r=-r}
        return(r/1)}

        """
}
